// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// maxDumps is how many times at once all switches are asked for their routes.
const maxDumps = 4

// dumps shares the answers of the switches: of those who ask for the same
// network, one asks the switches at a time, and whoever waited for that takes
// what was asked after it came.
type dumps struct {
	slots chan struct{}

	mu sync.Mutex
	by map[linkspan.NetworkID]*dump
}

// dump is what is shared about one network, 0 for all.
type dump struct {
	users   int           // under dumps.mu; the last one forgets the dump
	turn    chan struct{} // holds one while somebody asks
	begun   time.Time
	routes  []linkspan.Route
	missing []linkspan.ChassisID
}

func newDumps() *dumps {
	return &dumps{slots: make(chan struct{}, maxDumps), by: make(map[linkspan.NetworkID]*dump)}
}

// get returns what ask returned, to this caller or to another one, not to be
// changed; ask begins after get. ok is false when ctx is done before.
func (x *dumps) get(ctx context.Context, id linkspan.NetworkID, ask func() ([]linkspan.Route, []linkspan.ChassisID)) (
	routes []linkspan.Route, missing []linkspan.ChassisID, ok bool,
) {
	came := time.Now()
	d := x.join(id)
	defer x.leave(id, d)
	if !enter(ctx, d.turn) {
		return nil, nil, false
	}
	defer func() { <-d.turn }()
	if d.begun.After(came) {
		return d.routes, d.missing, true
	}
	if !enter(ctx, x.slots) {
		return nil, nil, false
	}
	defer func() { <-x.slots }()
	begun := time.Now()
	routes, missing = ask()
	if ctx.Err() == nil { // else what is missing may be so for this caller only
		d.begun, d.routes, d.missing = begun, routes, missing
	}
	return routes, missing, true
}

func (x *dumps) join(id linkspan.NetworkID) *dump {
	x.mu.Lock()
	defer x.mu.Unlock()
	d := x.by[id]
	if d == nil {
		d = &dump{turn: make(chan struct{}, 1)}
		x.by[id] = d
	}
	d.users++
	return d
}

func (x *dumps) leave(id linkspan.NetworkID, d *dump) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d.users--; d.users == 0 {
		delete(x.by, id)
	}
}

// enter waits for room in places; it returns false when ctx is done before.
func enter(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
