// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"
)

// times is how long after the request was sent it was that
type times struct {
	Answered time.Duration `json:"answered_ns"` // the request was
	Last     time.Duration `json:"last_byte_ns"`
	Flows    time.Duration `json:"flows_gone_ns"`   // from both hosts
	Entries  time.Duration `json:"entries_gone_ns"` // of connection tracking, from both; 0: there were none
}

const (
	// glance is how often what is left of a stream is looked for.
	glance = 2 * time.Millisecond
	// silence is how long nothing comes of a stream that is cut: longer than TCP waits
	// before it sends again.
	silence = 600 * time.Millisecond
	// limit is when a stream that goes on was not cut.
	limit = 10 * time.Second
)

// cut takes away what the stream runs by, and watches how it ends.
func (f *flow) cut(ctx context.Context, look func() (traces, error), take func() error) (t times, err error) {
	began := time.Now()
	taken := make(chan error, 1)
	go func() {
		err := take()
		t.Answered = time.Since(began)
		taken <- err
	}()
	ended, watchErr := f.watch(ctx, began, look)
	if err := <-taken; err != nil {
		return t, err
	}
	if watchErr != nil {
		return t, watchErr
	}
	t.Flows, t.Entries = ended.Flows, ended.Entries
	t.Last = max(0, time.Duration(f.last.Load())-began.Sub(f.began))
	return t, nil
}

// watch returns when flows and entries were gone, after nothing has come for a while.
func (f *flow) watch(ctx context.Context, began time.Time, look func() (traces, error)) (t times, err error) {
	entries := false
	for {
		left, err := look()
		now := time.Since(began)
		if err != nil {
			return t, err
		}
		entries = entries || left.entries > 0
		t.Flows = gone(t.Flows, left.flows, now)
		if entries {
			t.Entries = gone(t.Entries, left.entries, now)
		}
		quiet := now - max(0, time.Duration(f.last.Load())-began.Sub(f.began))
		if left.flows == 0 && left.entries == 0 && quiet > silence {
			return t, nil
		}
		if now > limit {
			return t, fmt.Errorf("after %s there are %d flows and %d entries of connection tracking left, and the last byte came %s ago: %s", now, left.flows, left.entries, quiet, left.known)
		}
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-time.After(glance):
		}
	}
}

// gone returns since when nothing is left: what comes back was not gone.
func gone(since time.Duration, left int, now time.Duration) time.Duration {
	switch {
	case left > 0:
		return 0
	case since == 0:
		return now
	}
	return since
}
