// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"testing"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

// leased returns the store as one with leases, or skips the test.
func leased(t *testing.T, store kv.Store) kv.LeasedStore {
	t.Helper()
	l, ok := store.(kv.LeasedStore)
	if !ok {
		t.Skip("this store is no kv.Leaser")
	}
	return l
}

func grant(ctx context.Context, t *testing.T, store kv.LeasedStore, ttl time.Duration) kv.LeaseID {
	t.Helper()
	id, err := store.Grant(ctx, ttl)
	return must(t, id, err)
}

func putLeased(ctx context.Context, t *testing.T, store kv.Store, lease kv.LeaseID, keys ...string) uint64 {
	t.Helper()
	var ops []kv.Op
	for _, key := range keys {
		ops = append(ops, kv.PutLeased(key, []byte(key), lease))
	}
	revision, err := store.Txn(ctx, kv.Txn{Then: ops})
	return must(t, revision, err)
}

// awaitDeleted watches until as many keys are deleted, and returns them in
// order. It may run on any goroutine.
func awaitDeleted(ctx context.Context, t *testing.T, store kv.Store, after uint64, n int) (keys []string) {
	t.Helper()
	for batch, err := range store.Watch(ctx, "", after) {
		if err != nil {
			t.Error(err)
			break
		}
		for _, event := range batch.Events {
			if event.Kind == kv.Deleted {
				keys = append(keys, event.Entry.Key)
			}
		}
		if len(keys) >= n {
			break
		}
	}
	return keys
}

// leaseExpires leaves a lease alone. A key that was written again without it,
// or deleted, has nothing to do with it any more.
func leaseExpires(ctx context.Context, t *testing.T, store kv.Store) {
	s := leased(t, store)
	lease := grant(ctx, t, s, kv.MinTTL)
	putLeased(ctx, t, s, lease, "leased/a", "leased/b", "leased/c", "leased/d")
	put(ctx, t, s, "leased/c", "kept")
	remove(ctx, t, s, "leased/d")
	last := put(ctx, t, s, "leased/d", "kept")
	awaitDeleted(ctx, t, s, last, 2)
	entries, _ := list(ctx, t, s, "")
	wantKeys(t, entries, "leased/c", "leased/d")
	wantError(t, s.Renew(ctx, lease), kv.ErrNotFound)
}

// leaseLives renews one lease for as long as another one, which was granted
// later and for longer, takes to expire.
func leaseLives(ctx context.Context, t *testing.T, store kv.Store) {
	s := leased(t, store)
	renewed, left := grant(ctx, t, s, 3*time.Second), grant(ctx, t, s, 4*time.Second)
	putLeased(ctx, t, s, renewed, "renewed")
	last := putLeased(ctx, t, s, left, "left")
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		awaitDeleted(ctx, t, s, last, 1)
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for waiting := true; waiting; {
		select {
		case <-gone:
			waiting = false
		case <-tick.C:
			if err := s.Renew(ctx, renewed); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, _ := list(ctx, t, s, "")
	wantKeys(t, entries, "renewed")
}

func leaseRevoked(ctx context.Context, t *testing.T, store kv.Store) {
	s := leased(t, store)
	lease := grant(ctx, t, s, time.Hour)
	last := putLeased(ctx, t, s, lease, "a", "b")
	for range 2 {
		if err := s.Revoke(ctx, lease); err != nil {
			t.Fatal(err)
		}
	}
	for batch, err := range s.Watch(ctx, "", last) {
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Events) != 2 {
			t.Fatalf("the entries of a lease went in %d events, want 2 at once", len(batch.Events))
		}
		break
	}
	wantError(t, s.Renew(ctx, lease), kv.ErrNotFound)
}

func leaseUnknown(ctx context.Context, t *testing.T, store kv.Store) {
	s, ok := store.(kv.LeasedStore)
	if !ok {
		_, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.PutLeased("k", nil, "1")}})
		wantError(t, err, kv.ErrInvalid)
		return
	}
	for _, ttl := range []time.Duration{0, -1, kv.MinTTL - 1, kv.MaxTTL + 1} {
		_, err := s.Grant(ctx, ttl)
		wantError(t, err, kv.ErrInvalid)
	}
	for _, id := range []kv.LeaseID{"77777", "no number"} {
		_, err := s.Txn(ctx, kv.Txn{Then: []kv.Op{kv.PutLeased("k", nil, id)}})
		wantError(t, err, kv.ErrNotFound)
		wantError(t, s.Renew(ctx, id), kv.ErrNotFound)
		if err := s.Revoke(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
}
