// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"maps"
	"sync"

	"github.com/linkspan/linkspan"
)

// Follow has running conversations follow policies, until ctx is done: what Update
// finds that policies say something else of is revised, on each chassis by itself, so
// that one which does not answer holds up no other. A switch that does not say in time
// what it holds is disconnected: when it comes back, all that it has is looked at, as it
// is of one that is just connecting. There must be one Follow at a time; what it leaves
// undone the next one does.
func (h *Hub) Follow(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.changed.some:
		}
		for id, of := range h.concerned(h.changed.take()) {
			if d := h.datapath(id); d != nil && d.behind.add(of) {
				working.Go(func() { d.catchUp(ctx) })
			}
		}
	}
}

// catchUp revises what a switch is behind with, until there is nothing.
func (d *datapath) catchUp(ctx context.Context) {
	for of, some := d.behind.take(); some; of, some = d.behind.take() {
		err := d.reviseAsked(ctx, of)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			d.hub.changed.add(of.keys, of.all)
		default:
			d.session.Fail(&linkspan.Error{
				Code: linkspan.CodeOf(err), Message: "after a change of who may talk it was not learned which routes the switch holds", Err: err,
			})
		}
	}
}

// behind is what is to be revised on a chassis, where one goroutine does so at a time.
// The zero value is nothing.
type behind struct {
	mu      sync.Mutex
	next    asked
	working bool
}

// add adds to it. It returns true when nobody is at it: then the caller must see to it
// that somebody takes until there is nothing.
func (b *behind) add(of asked) (idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next.keys == nil {
		b.next = asked{keys: of.keys, under: of.under, all: of.all}
	} else {
		maps.Copy(b.next.keys, of.keys)
		maps.Copy(b.next.under, of.under)
		b.next.all = b.next.all || of.all
	}
	idle = !b.working
	b.working = true
	return idle
}

// take takes all; some is false when there is nothing, and then nobody is at it any more.
func (b *behind) take() (of asked, some bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of, b.next = b.next, asked{}
	b.working = of.keys != nil
	return of, b.working
}
