// SPDX-License-Identifier: Apache-2.0

package kv_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// mirror is a follower that checks what it is told.
type mirror struct {
	t         *testing.T
	known     map[string]string
	revision  uint64
	snapshots int
	delivered map[string]bool // "key@revision" of every event
}

func newMirror(t *testing.T) *mirror { return &mirror{t: t, delivered: make(map[string]bool)} }

func (m *mirror) snapshot(entries []kv.Entry, revision uint64) {
	if revision < m.revision {
		m.t.Errorf("snapshot at %d came after %d", revision, m.revision)
	}
	m.snapshots++
	m.revision = revision
	m.known = make(map[string]string)
	for _, entry := range entries {
		m.known[entry.Key] = string(entry.Value)
	}
}

func (m *mirror) changes(events []kv.Event, revision uint64) {
	if m.snapshots == 0 {
		m.t.Error("changes came before the snapshot")
	}
	for _, event := range events {
		if event.Entry.Revision <= m.revision || event.Entry.Revision > revision {
			m.t.Errorf("event at %d in a batch at %d came after %d", event.Entry.Revision, revision, m.revision)
		}
		id := fmt.Sprintf("%s@%d", event.Entry.Key, event.Entry.Revision)
		if m.delivered[id] {
			m.t.Errorf("%s came twice", id)
		}
		m.delivered[id] = true
		if event.Kind == kv.Deleted {
			delete(m.known, event.Entry.Key)
			continue
		}
		m.known[event.Entry.Key] = string(event.Entry.Value)
	}
	m.revision = revision
}

func write(t *testing.T, store kv.Store, ops ...kv.Op) uint64 {
	t.Helper()
	revision, err := store.Txn(t.Context(), kv.Txn{Then: ops})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// TestFollowThroughFaults writes while reads fail in every way, and compares
// the mirror whenever the faults let it come to rest.
func TestFollowThroughFaults(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { followThroughFaults(t, newFaulty(seed)) })
		})
	}
}

func followThroughFaults(t *testing.T, store *faulty) {
	defer store.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	m := newMirror(t)
	write(t, store, kv.Put("n/old", []byte("old")), kv.Put("other", nil))
	go func() { ended <- kv.Follow(ctx, store, "n/", m.snapshot, m.changes) }()
	for i := range 200 {
		key := fmt.Sprintf("n/%d", i%7)
		switch i % 5 {
		case 0:
			write(t, store, kv.Delete(key), kv.Put("n/both", fmt.Append(nil, i)))
		case 1:
			write(t, store, kv.Put("other", fmt.Append(nil, i)))
		default:
			write(t, store, kv.Put(key, fmt.Append(nil, i)))
		}
		if i%3 == 0 {
			time.Sleep(10 * followPause) // of the bubble: lets all retries pass
			compare(t, store, m)
		}
	}
	time.Sleep(10 * followPause)
	compare(t, store, m)
	if store.ends[kv.Unavailable] == 0 || store.ends[kv.Compacted] == 0 {
		t.Errorf("faults were not injected: %v", store.ends)
	}
	if m.snapshots != store.lists || m.snapshots != 1+store.ends[kv.Compacted] {
		t.Errorf("%d snapshots of %d lists, after %d compactions", m.snapshots, store.lists, store.ends[kv.Compacted])
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("follow ended with %v", err)
	}
}

// followPause is the longest pause between two attempts.
const followPause = 2 * time.Second

func compare(t *testing.T, store *faulty, m *mirror) {
	t.Helper()
	synctest.Wait()
	entries, _, err := store.Store.List(t.Context(), "n/")
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string)
	for _, entry := range entries {
		want[entry.Key] = string(entry.Value)
	}
	if diff := cmp.Diff(want, m.known); diff != "" {
		t.Fatalf("mirror (-store +mirror):\n%s", diff)
	}
}

// TestFollowOutage has the store away for an hour: the follower asks every two
// seconds at most, and goes on where it was.
func TestFollowOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newFaulty(1)
		store.setBroken(true)
		defer store.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		m := newMirror(t)
		go func() { ended <- kv.Follow(ctx, store, "n/", m.snapshot, m.changes) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		if m.snapshots != 0 {
			t.Error("a snapshot came out of an outage")
		}
		store.setBroken(false)
		write(t, store, kv.Put("n/k", nil))
		time.Sleep(10 * followPause)
		compare(t, store, m)
		cancel()
		<-ended
	})
}

// TestFollowCompacted loses its history for real, while the store is away.
func TestFollowCompacted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		defer store.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		m := newMirror(t)
		resume := make(chan struct{})
		blocking := func(events []kv.Event, revision uint64) { <-resume; m.changes(events, revision) }
		go func() { ended <- kv.Follow(ctx, store, "n/", m.snapshot, blocking) }()
		synctest.Wait()
		write(t, store, kv.Put("n/first", nil))
		synctest.Wait() // the follower hangs in this change
		last := write(t, store, kv.Put("n/second", nil), kv.Delete("n/first"))
		if err := store.Compact(ctx, last); err != nil {
			t.Fatal(err)
		}
		close(resume)
		time.Sleep(followPause)
		synctest.Wait()
		if _, found := m.known["n/second"]; !found || len(m.known) != 1 || m.snapshots != 2 || m.revision != last {
			t.Errorf("mirror has %v at %d after %d snapshots", m.known, m.revision, m.snapshots)
		}
		cancel()
		<-ended
	})
}

func TestFollowEnds(t *testing.T) {
	store := memory.New()
	m := newMirror(t)
	err := kv.Follow(t.Context(), store, "no-slash", m.snapshot, m.changes)
	if !errors.Is(err, kv.ErrInvalid) || !strings.Contains(err.Error(), "no-slash") {
		t.Errorf("malformed prefix: %v", err)
	}
	closing := func([]kv.Entry, uint64) { store.Close() }
	if err := kv.Follow(t.Context(), store, "", closing, m.changes); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("closed store: %v", err)
	}
}
