// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"time"
)

// errands are what a session does after a while, unless it ends before. They are timers
// and no goroutines: there are many sessions. The zero value is ready.
type errands struct {
	mu      sync.Mutex
	over    bool
	timers  map[*time.Timer]bool
	running sync.WaitGroup // those that may run still
}

// after has something done after a time.
func (e *errands) after(t time.Duration, do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return
	}
	if e.timers == nil {
		e.timers = make(map[*time.Timer]bool)
	}
	var timer *time.Timer
	e.running.Add(1)
	timer = time.AfterFunc(t, func() {
		defer e.running.Done()
		e.mu.Lock() // timer is set
		delete(e.timers, timer)
		over := e.over
		e.mu.Unlock()
		if !over {
			do()
		}
	})
	e.timers[timer] = true
}

// end has nothing more done, and waits for what is being done.
func (e *errands) end() {
	e.mu.Lock()
	e.over = true
	for timer := range e.timers {
		if timer.Stop() {
			e.running.Done()
		}
	}
	e.timers = nil
	e.mu.Unlock()
	e.running.Wait()
}
