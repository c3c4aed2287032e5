// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// patience is how long the garbage collector waits for what is being written.
const patience = 30 * time.Second

// gate lets in who writes, or the garbage collector alone.
type gate struct {
	mu      sync.Mutex
	writers int
	closed  chan struct{} // closed when the gate opens again; nil: it is open
	empty   chan struct{} // closed when the last writer has left; nil: nobody waits for it
}

func newGate() *gate { return &gate{} }

// enter waits until the gate is open. Who has entered leaves.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	for {
		g.mu.Lock()
		if g.closed == nil {
			g.writers++
			g.mu.Unlock()
			return g.leave, nil
		}
		wait := g.closed
		g.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writers--
	if g.writers == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// close keeps writers out and waits for those inside. The error is InUse while another
// collection runs, and Unavailable if somebody stays inside for longer than [patience].
func (g *gate) close(ctx context.Context) (open func(), err error) {
	g.mu.Lock()
	if g.closed != nil {
		g.mu.Unlock()
		return nil, &linkspan.Error{Code: linkspan.InUse, Message: "garbage is being collected already", Hint: "wait for its end"}
	}
	g.closed = make(chan struct{})
	var empty chan struct{}
	if g.writers > 0 {
		empty = make(chan struct{})
		g.empty = empty
	}
	g.mu.Unlock()
	if empty == nil {
		return g.open, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-empty:
		return g.open, nil
	case <-ctx.Done():
		g.open()
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "images are being pushed", Hint: "try again when that has ended", Err: ctx.Err()}
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.closed)
	g.closed, g.empty = nil, nil
}

// touched is which blobs somebody asked for a while ago. A client that is told of a blob
// does not push it, and counts on it when it pushes the manifest.
type touched struct {
	clock func() time.Time
	mu    sync.Mutex
	at    map[string]time.Time
}

// maxTouched bounds the memory that this takes: a few MB.
const maxTouched = 1 << 15

func newTouched(now func() time.Time) *touched {
	return &touched{clock: now, at: map[string]time.Time{}}
}

func (t *touched) now(digest string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.at) >= maxTouched { // some push may have to be repeated
		clear(t.at)
	}
	t.at[digest] = t.clock()
}

// within says whether a blob was asked for within a time.
func (t *touched) within(digest string, d time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.at[digest]
	return ok && t.clock().Sub(at) < d
}
