// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"time"
)

const (
	// askAfter is how long after a plug was carried to a chassis it is asked whether
	// it has it: not at once, when the packet and its answer are on their way.
	askAfter = 2 * time.Millisecond
	// maxOwed is how many plugs may be carried without having been asked about.
	maxOwed = 16
)

// owed is what a chassis was given and has not confirmed.
type owed struct {
	mu      sync.Mutex
	plugs   int  // not asked about yet
	waiting bool // for the time to ask, or for the answer
}

// settled says whether the chassis has confirmed about all that it was told.
func (d *datapath) settled() bool {
	d.owed.mu.Lock()
	defer d.owed.mu.Unlock()
	return d.owed.plugs < maxOwed && d.session.Settled()
}

// owes notes that a plug was carried to the chassis.
func (d *datapath) owes() {
	d.owed.mu.Lock()
	defer d.owed.mu.Unlock()
	d.owed.plugs++
	d.askSoon()
}

// askSoon sees to it that what is owed is asked for; the caller holds the lock.
func (d *datapath) askSoon() {
	if d.owed.plugs > 0 && !d.owed.waiting {
		d.owed.waiting = true
		time.AfterFunc(askAfter, d.ask)
	}
}

// ask asks the chassis to confirm.
func (d *datapath) ask() {
	d.owed.mu.Lock()
	d.owed.plugs = 0
	d.owed.mu.Unlock()
	d.session.Barrier(0, func(b []byte) ([]byte, bool) { return b, true }, d.confirmed)
	d.session.Wake()
}

// confirmed is told that the chassis has confirmed, or why it will not; what a
// lost flow would have taken comes up there.
func (d *datapath) confirmed(error) {
	d.owed.mu.Lock()
	defer d.owed.mu.Unlock()
	d.owed.waiting = false
	d.askSoon()
}
