// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// maxDumps is how many times at once all switches are asked for the same sort of thing.
const maxDumps = 4

// dumps shares the answers of the switches, of one sort: of those who ask for the same
// network, one asks the switches at a time, and whoever waited for that takes
// what was asked after it came.
type dumps[T any] struct {
	slots chan struct{}

	mu sync.Mutex
	by map[linkspan.NetworkID]*dump[T]
}

// dump is what is shared about one network, 0 for all.
type dump[T any] struct {
	users  int           // under dumps.mu; the last one forgets the dump
	turn   chan struct{} // holds one while somebody asks
	begun  time.Time
	answer T
}

func newDumps[T any]() *dumps[T] {
	return &dumps[T]{slots: make(chan struct{}, maxDumps), by: make(map[linkspan.NetworkID]*dump[T])}
}

// get returns what ask returned, to this caller or to another one, not to be
// changed; ask begins after get. ok is false when ctx is done before.
func (x *dumps[T]) get(ctx context.Context, id linkspan.NetworkID, ask func() T) (answer T, ok bool) {
	came := time.Now()
	d := x.join(id)
	defer x.leave(id, d)
	if !enter(ctx, d.turn) {
		return answer, false
	}
	defer func() { <-d.turn }()
	if d.begun.After(came) {
		return d.answer, true
	}
	if !enter(ctx, x.slots) {
		return answer, false
	}
	defer func() { <-x.slots }()
	begun := time.Now()
	answer = ask()
	if ctx.Err() == nil { // else what is missing may be so for this caller only
		d.begun, d.answer = begun, answer
	}
	return answer, true
}

func (x *dumps[T]) join(id linkspan.NetworkID) *dump[T] {
	x.mu.Lock()
	defer x.mu.Unlock()
	d := x.by[id]
	if d == nil {
		d = &dump[T]{turn: make(chan struct{}, 1)}
		x.by[id] = d
	}
	d.users++
	return d
}

func (x *dumps[T]) leave(id linkspan.NetworkID, d *dump[T]) {
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
