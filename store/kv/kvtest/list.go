// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func prefixEdges(ctx context.Context, t *testing.T, store kv.Store) {
	for _, key := range []string{"a", "a/b", "a/b/c", "a/z", "ab", "a.", "a0", "b/a/x", "a/\U0010ffff"} {
		put(ctx, t, store, key, "")
	}
	entries, _ := list(ctx, t, store, "a/")
	wantKeys(t, entries, "a/b", "a/b/c", "a/z", "a/\U0010ffff")
	entries, _ = list(ctx, t, store, "a/b/")
	wantKeys(t, entries, "a/b/c")
	entries, _ = list(ctx, t, store, "b/a/")
	wantKeys(t, entries, "b/a/x")
	entries, _ = list(ctx, t, store, "ab/")
	wantKeys(t, entries)
	entries, _ = list(ctx, t, store, "")
	wantKeys(t, entries, "a", "a.", "a/b", "a/b/c", "a/z", "a/\U0010ffff", "a0", "ab", "b/a/x")
}

// manyKeys is more than any back end should read in one page.
const manyKeys = 2500

// seed writes n keys "PREFIX00000" onwards, all with the same value.
func seed(ctx context.Context, t testing.TB, store kv.Store, prefix string, n int, value string) {
	t.Helper()
	var ops []kv.Op
	for i := range n {
		ops = append(ops, kv.Put(fmt.Sprintf("%s%05d", prefix, i), []byte(value)))
		if len(ops) == kv.MaxTxn || i == n-1 {
			_, err := store.Txn(ctx, kv.Txn{Then: ops})
			must(t, ops, err)
			ops = nil
		}
	}
}

// listPages lists many keys while a writer raises the first and the last of
// them together: were the pages of different revisions, they would differ.
func listPages(ctx context.Context, t *testing.T, store kv.Store) {
	seed(ctx, t, store, "many/", manyKeys, "0")
	put(ctx, t, store, "manyother", "0")
	ctx, stop := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer stop()
	writer.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			value := []byte(strconv.Itoa(i))
			_, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{
				kv.Put("many/00000", value), kv.Put(fmt.Sprintf("many/%05d", manyKeys-1), value),
			}})
			if err != nil && ctx.Err() == nil {
				t.Errorf("writer: %v", err)
				return
			}
		}
	})
	for range 20 {
		entries, revision := list(ctx, t, store, "many/")
		if len(entries) != manyKeys {
			t.Fatalf("%d entries, want %d", len(entries), manyKeys)
		}
		if !slices.IsSortedFunc(entries, func(a, b kv.Entry) int { return strings.Compare(a.Key, b.Key) }) {
			t.Fatal("entries are not sorted by key")
		}
		first, last := entries[0], entries[manyKeys-1]
		if string(first.Value) != string(last.Value) || first.Revision > revision {
			t.Fatalf("list at %d tore a transaction: %q at %d, %q at %d", revision, first.Value, first.Revision, last.Value, last.Revision)
		}
	}
}
