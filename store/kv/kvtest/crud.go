// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/store/kv"
)

func putAndGet(ctx context.Context, t *testing.T, store kv.Store) {
	_, err := store.Get(ctx, "network/web")
	wantError(t, err, kv.ErrNotFound)

	first := put(ctx, t, store, "network/web", "one")
	want := kv.Entry{Key: "network/web", Value: []byte("one"), Revision: first}
	entry, err := store.Get(ctx, "network/web")
	if diff := cmp.Diff(want, must(t, entry, err)); diff != "" {
		t.Fatalf("entry (-want +got):\n%s", diff)
	}

	second := put(ctx, t, store, "network/web", "")
	want = kv.Entry{Key: "network/web", Value: []byte{}, Revision: second}
	entry, err = store.Get(ctx, "network/web")
	if diff := cmp.Diff(want, must(t, entry, err)); diff != "" {
		t.Fatalf("entry with an empty value (-want +got):\n%s", diff)
	}
}

func valueOwnership(ctx context.Context, t *testing.T, store kv.Store) {
	_, start := list(ctx, t, store, "")
	value := []byte("true")
	revision, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("k", value)}})
	must(t, revision, err)
	copy(value, "fals")
	for range 2 {
		entry, err := store.Get(ctx, "k")
		if got := string(must(t, entry, err).Value); got != "true" {
			t.Fatalf("value is %q: the store shares it with a caller", got)
		}
		copy(entry.Value, "fals")
		entries, _ := list(ctx, t, store, "")
		if got := string(entries[0].Value); got != "true" {
			t.Fatalf("listed value is %q: the store shares it with a caller", got)
		}
		copy(entries[0].Value, "fals")
		for batch, err := range store.Watch(ctx, "", start) {
			if got := string(must(t, batch, err).Events[0].Entry.Value); got != "true" {
				t.Fatalf("watched value is %q: the store shares it with a caller", got)
			}
			copy(batch.Events[0].Entry.Value, "fals")
			break
		}
	}
}

func deleteKey(ctx context.Context, t *testing.T, store kv.Store) {
	put(ctx, t, store, "k", "v")
	gone := remove(ctx, t, store, "k")
	_, err := store.Get(ctx, "k")
	wantError(t, err, kv.ErrNotFound)
	if again := remove(ctx, t, store, "k"); again != gone {
		t.Fatalf("deleting nothing moved the revision from %d to %d", gone, again)
	}
	if entries, _ := list(ctx, t, store, ""); len(entries) != 0 {
		t.Fatalf("%d entries are left", len(entries))
	}
}

func revisionsGrow(ctx context.Context, t *testing.T, store kv.Store) {
	_, last := list(ctx, t, store, "")
	if last == 0 {
		t.Fatal("an empty store has revision 0")
	}
	for _, key := range []string{"a", "b", "a", "c/d"} {
		revision := put(ctx, t, store, key, "v")
		if revision <= last {
			t.Fatalf("revision %d came after %d", revision, last)
		}
		last = revision
		if _, now := list(ctx, t, store, "nothing/here/"); now != revision {
			t.Fatalf("list is at revision %d, the store at %d", now, revision)
		}
	}
}
