// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/store/kv"
)

// follow applies the batches of a watch to f until the key is known. It may run
// on any goroutine.
func follow(ctx context.Context, t *testing.T, store kv.Store, f *fold, prefix string, after uint64, until string) (revision uint64) {
	t.Helper()
	for batch, err := range store.Watch(ctx, prefix, after) {
		if err != nil {
			t.Errorf("watch %q after %d: %v", prefix, after, err)
			return 0
		}
		f.apply(t, batch)
		if _, done := f.known[until]; done {
			return batch.Revision
		}
	}
	t.Error("watch ended without an error")
	return 0
}

// watchOrder has several writers make keys that are never written again, so
// that none of them may be missing, and several watches from the beginning,
// some of which start late.
func watchOrder(ctx context.Context, t *testing.T, store kv.Store) {
	put(ctx, t, store, "old", "")
	_, start := list(ctx, t, store, "")
	var readers sync.WaitGroup
	read := func() {
		f := newFold(nil)
		follow(ctx, t, store, f, "", start, "zzz")
		if got, want := len(f.known), workers*rounds+1; got != want {
			t.Errorf("watch saw %d keys, want %d", got, want)
		}
		if _, found := f.known["old"]; found {
			t.Error("watch saw a change that it should begin after")
		}
	}
	for range 3 {
		readers.Go(read)
	}
	together(t, func(worker int) error {
		for round := range rounds {
			key := fmt.Sprintf("key/%d/%d", worker, round)
			if _, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(key, nil)}}); err != nil {
				return err
			}
		}
		return nil
	})
	readers.Go(read)
	put(ctx, t, store, "zzz", "")
	readers.Wait()
}

// watchResumes stops a watch after every batch and goes on from its revision.
func watchResumes(ctx context.Context, t *testing.T, store kv.Store) {
	_, revision := list(ctx, t, store, "")
	for i := range 30 {
		put(ctx, t, store, fmt.Sprintf("k/%d", i%7), fmt.Sprint(i))
		if i%5 == 0 {
			remove(ctx, t, store, fmt.Sprintf("k/%d", (i+3)%7))
		}
	}
	f := newFold(nil)
	want, last := list(ctx, t, store, "")
	for revision < last {
		for batch, err := range store.Watch(ctx, "", revision) {
			if err != nil {
				t.Fatal(err)
			}
			f.apply(t, batch)
			revision = batch.Revision
			break
		}
	}
	if diff := cmp.Diff(want, f.entries()); diff != "" {
		t.Fatalf("entries (-list +watch):\n%s", diff)
	}
}

func watchPrefix(ctx context.Context, t *testing.T, store kv.Store) {
	_, start := list(ctx, t, store, "")
	for _, key := range []string{"a", "ab", "a.", "b/a/x", "a/b", "a/b/c", "a/end"} {
		put(ctx, t, store, key, "")
	}
	f := newFold(nil)
	follow(ctx, t, store, f, "a/", start, "a/end")
	wantKeys(t, f.entries(), "a/b", "a/b/c", "a/end")
}

// watchWhole sees the largest transaction in one batch, and only the part of
// it that is under the prefix.
func watchWhole(ctx context.Context, t *testing.T, store kv.Store) {
	put(ctx, t, store, "a/gone", "")
	_, start := list(ctx, t, store, "")
	ops := []kv.Op{kv.Delete("a/gone"), kv.Delete("a/never")}
	for i := len(ops); i < kv.MaxTxn; i++ {
		ops = append(ops, kv.Put(fmt.Sprintf("%c/%d", 'a'+i%2, i), []byte("v")))
	}
	revision, err := store.Txn(ctx, kv.Txn{Then: ops})
	must(t, revision, err)
	for batch, err := range store.Watch(ctx, "a/", start) {
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(batch.Events), 1+(kv.MaxTxn-2)/2; got != want || batch.Revision != revision {
			t.Fatalf("batch at %d has %d events, want %d at %d", batch.Revision, got, want, revision)
		}
		newFold(nil).apply(t, batch)
		break
	}
}

// collect starts a watch, writes a key to see that it is alive, and returns a
// function that waits for its end and tells the error.
func collect(ctx context.Context, t *testing.T, store kv.Store) (end func() error) {
	t.Helper()
	_, revision := list(ctx, t, store, "")
	var last error
	alive, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		first := true
		for _, err := range store.Watch(ctx, "", revision) {
			if err != nil && last != nil {
				t.Errorf("watch ended with %v, and again with %v", last, err)
			}
			last = err
			if first {
				first = false
				close(alive)
			}
		}
	}()
	put(ctx, t, store, "alive", "")
	<-alive
	return func() error { <-ended; return last }
}

func watchCancel(ctx context.Context, t *testing.T, store kv.Store) {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	end := collect(watching, t, store)
	cancel()
	wantError(t, end(), context.Canceled)
	put(ctx, t, store, "after", "")
}

func watchClose(ctx context.Context, t *testing.T, store kv.Store) {
	first, second := collect(ctx, t, store), collect(ctx, t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, first(), kv.ErrClosed)
	wantError(t, second(), kv.ErrClosed)
}

// watchFuture: a revision that the store has not reached comes from another
// store, or from before a backup was put back.
func watchFuture(ctx context.Context, t *testing.T, store kv.Store) {
	revision := put(ctx, t, store, "k", "")
	for _, err := range store.Watch(ctx, "", revision+1_000_000) {
		wantError(t, err, kv.ErrCompacted)
	}
}
