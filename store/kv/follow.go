// SPDX-License-Identifier: Apache-2.0

package kv

import (
	"context"
	"errors"
	"time"
)

// The pauses between attempts of [Follow] while the store is unavailable: the
// first one, doubled after each failure, up to the last one.
const (
	followFirstPause = 50 * time.Millisecond
	followLastPause  = 2 * time.Second
)

// Follow keeps the caller true to everything under a prefix. It calls snapshot
// with all entries and their revision, then changes with every batch that
// comes after it, each exactly once and in order. When the store no longer
// knows what came next, it calls snapshot again, which replaces all that was
// told before. While the store is unavailable it tries again, with pauses
// between 50 ms and 2 s, and goes on where it was.
//
// The calls come one at a time, on the goroutine of the caller; the slices
// are the callee's to keep. Follow returns only with an error: that of the
// context, [ErrClosed], [ErrInvalid], or any other that trying again cannot
// cure.
func Follow(
	ctx context.Context,
	store Store,
	prefix string,
	snapshot func(entries []Entry, revision uint64),
	changes func(events []Event, revision uint64),
) error {
	f := follower{store: store, prefix: prefix, snapshot: snapshot, changes: changes}
	for {
		err := f.advance(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrCompacted):
			f.listed = false
		case !errors.Is(err, ErrUnavailable):
			return err
		}
		if err := f.rest(ctx); err != nil {
			return err
		}
	}
}

// follower is the position of one call of Follow.
type follower struct {
	store    Store
	prefix   string
	snapshot func([]Entry, uint64)
	changes  func([]Event, uint64)

	listed   bool   // the snapshot was delivered, so revision can be resumed
	revision uint64 // everything up to here was delivered
	failures int    // in a row, without anything delivered
}

// advance lists if it must, and watches until that ends.
func (f *follower) advance(ctx context.Context) error {
	if !f.listed {
		entries, revision, err := f.store.List(ctx, f.prefix)
		if err != nil {
			return err
		}
		f.listed, f.revision = true, revision
		f.snapshot(entries, revision)
	}
	for batch, err := range f.store.Watch(ctx, f.prefix, f.revision) {
		if err != nil {
			return err
		}
		f.failures = 0
		f.revision = batch.Revision
		f.changes(batch.Events, batch.Revision)
	}
	return &Error{Code: Unavailable, Op: "watch", Key: f.prefix, Err: errors.New("ended without an error")}
}

// rest pauses after a failure, the longer the more there were.
func (f *follower) rest(ctx context.Context) error {
	pause := min(followFirstPause<<min(f.failures, 16), followLastPause)
	f.failures++
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
