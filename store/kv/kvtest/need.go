// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/store/kv"
)

// must ends the test on an error, and passes the value on.
func must[T any](t testing.TB, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// put writes one key and returns the revision.
func put(ctx context.Context, t testing.TB, store kv.Store, key, value string) uint64 {
	t.Helper()
	revision, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(key, []byte(value))}})
	return must(t, revision, err)
}

// remove deletes one key and returns the revision.
func remove(ctx context.Context, t testing.TB, store kv.Store, key string) uint64 {
	t.Helper()
	revision, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Delete(key)}})
	return must(t, revision, err)
}

// list returns all entries under a prefix with their revision.
func list(ctx context.Context, t testing.TB, store kv.Store, prefix string) ([]kv.Entry, uint64) {
	t.Helper()
	entries, revision, err := store.List(ctx, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return entries, revision
}

// wantError ends the test unless err is the wanted one.
func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

// wantKeys ends the test unless the entries have exactly these keys.
func wantKeys(t testing.TB, entries []kv.Entry, want ...string) {
	t.Helper()
	var keys []string
	for _, entry := range entries {
		keys = append(keys, entry.Key)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Fatalf("keys (-want +got):\n%s", diff)
	}
}

// wantErrorHere is wantError for goroutines that must not end the test.
func wantErrorHere(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}
