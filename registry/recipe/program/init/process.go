// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// How long it is waited before a process is started again: at first, and at most. One that ran
// for as long as the latter begins anew.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
)

// process is one of those that are to run.
type process struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`

	pid      int // 0: it does not run
	started  time.Time
	pause    time.Duration
	again    time.Time // when it is started again
	restarts int
}

// start starts it, with this program's own output.
func (p *process) start(now time.Time) {
	pid, err := syscall.ForkExec(p.Command[0], p.Command, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		say("%s: %v", p.Name, err)
		p.ended(now)
		return
	}
	p.pid, p.started = pid, now
}

// ended notes that it ended, or did not start.
func (p *process) ended(now time.Time) {
	if p.pause == 0 || !p.started.IsZero() && now.Sub(p.started) >= lastPause {
		p.pause = firstPause
	} else {
		p.pause = min(2*p.pause, lastPause)
	}
	p.pid, p.again = 0, now.Add(p.pause)
	p.restarts++
}

func say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "linkspan-init: "+format+"\n", values...)
}
