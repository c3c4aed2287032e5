// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func keysChecked(ctx context.Context, t *testing.T, store kv.Store) {
	bad := []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "a\x00b", "a\nb", "\xff",
		strings.Repeat("k", kv.MaxKey+1),
	}
	for _, key := range bad {
		_, err := store.Get(ctx, key)
		wantError(t, err, kv.ErrInvalid)
		_, err = store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(key, nil)}})
		wantError(t, err, kv.ErrInvalid)
		_, err = store.Txn(ctx, kv.Txn{If: []kv.Cond{kv.Absent(key)}})
		wantError(t, err, kv.ErrInvalid)
	}
	for _, prefix := range []string{"/", "a", "a//", "/a/", "../"} {
		_, _, err := store.List(ctx, prefix)
		wantError(t, err, kv.ErrInvalid)
		for _, err := range store.Watch(ctx, prefix, 1) {
			wantError(t, err, kv.ErrInvalid)
		}
	}
	good := []string{"a", "a/b", "a b", "a.b", "...", "ключ/鍵", "a:b@c=d", strings.Repeat("k", kv.MaxKey)}
	for _, key := range good {
		put(ctx, t, store, key, key)
		entry, err := store.Get(ctx, key)
		if got := string(must(t, entry, err).Value); got != key {
			t.Fatalf("value of %q is %q", key, got)
		}
	}
}

func txnsChecked(ctx context.Context, t *testing.T, store kv.Store) {
	many := make([]kv.Op, kv.MaxTxn+1)
	for i := range many {
		many[i] = kv.Put(fmt.Sprintf("k%d", i), nil)
	}
	_, err := store.Txn(ctx, kv.Txn{Then: many})
	wantError(t, err, kv.ErrTooLarge)
	_, err = store.Txn(ctx, kv.Txn{If: []kv.Cond{kv.Absent("x")}, Then: many[:kv.MaxTxn]})
	wantError(t, err, kv.ErrTooLarge)
	_, err = store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("k", nil), kv.Delete("k")}})
	wantError(t, err, kv.ErrInvalid)
	_, err = store.Txn(ctx, kv.Txn{Then: []kv.Op{{Key: "k"}}})
	wantError(t, err, kv.ErrInvalid)
	_, err = store.Txn(ctx, kv.Txn{If: []kv.Cond{{Key: "k"}}})
	wantError(t, err, kv.ErrInvalid)

	revision, err := store.Txn(ctx, kv.Txn{Then: many[:kv.MaxTxn]})
	must(t, revision, err)
	entries, _ := list(ctx, t, store, "")
	if len(entries) != kv.MaxTxn {
		t.Fatalf("%d entries, want %d", len(entries), kv.MaxTxn)
	}
	for _, entry := range entries {
		if entry.Revision != revision {
			t.Fatalf("%q has revision %d, its transaction %d", entry.Key, entry.Revision, revision)
		}
	}
}

func bigValues(ctx context.Context, t *testing.T, store kv.Store) {
	big := bytes.Repeat([]byte("0123456789abcdef"), kv.MaxValue/16)
	revision, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("big", big)}})
	must(t, revision, err)
	entry, err := store.Get(ctx, "big")
	if !bytes.Equal(must(t, entry, err).Value, big) {
		t.Fatal("the greatest value came back changed")
	}
	_, err = store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("bigger", append(big, 'x'))}})
	wantError(t, err, kv.ErrTooLarge)
	_, err = store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("big", big), kv.Put("more", big[:kv.MaxTxnBytes-kv.MaxValue])}})
	wantError(t, err, kv.ErrTooLarge)
	if entries, _ := list(ctx, t, store, ""); len(entries) != 1 {
		t.Fatalf("%d entries, want 1", len(entries))
	}
}

func contexts(ctx context.Context, t *testing.T, store kv.Store) {
	revision := put(ctx, t, store, "k", "v")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := store.Get(ended, "k")
	wantError(t, err, context.Canceled)
	_, _, err = store.List(ended, "")
	wantError(t, err, context.Canceled)
	_, err = store.Txn(ended, kv.Txn{Then: []kv.Op{kv.Put("k", nil)}})
	wantError(t, err, context.Canceled)
	if errors.Is(err, kv.ErrClosed) {
		t.Fatalf("%v says closed", err)
	}
	for _, err := range store.Watch(ended, "", revision) {
		wantError(t, err, context.Canceled)
	}
}
