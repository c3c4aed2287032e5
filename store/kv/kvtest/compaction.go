// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func compaction(ctx context.Context, t *testing.T, store kv.Store) {
	compacter, ok := store.(kv.Compacter)
	if !ok {
		t.Skip("this store is no kv.Compacter")
	}
	_, start := list(ctx, t, store, "")
	var revisions []uint64
	for i := range 10 {
		revisions = append(revisions, put(ctx, t, store, fmt.Sprintf("k/%d", i%3), fmt.Sprint(i)))
	}
	before, revision := list(ctx, t, store, "")
	wantError(t, compacter.Compact(ctx, revision+1000), kv.ErrInvalid)
	for range 2 {
		if err := compacter.Compact(ctx, revisions[5]); err != nil {
			t.Fatal(err)
		}
	}
	if err := compacter.Compact(ctx, revisions[2]); err != nil {
		t.Fatalf("compacting to a lower revision: %v", err)
	}

	for _, after := range []uint64{start, revisions[3]} {
		for batch, err := range store.Watch(ctx, "", after) {
			if err == nil {
				t.Fatalf("watch after %d, which is compacted, yields %v", after, batch)
			}
			wantError(t, err, kv.ErrCompacted)
		}
	}
	f := newFold(nil)
	for batch, err := range store.Watch(ctx, "", revisions[5]) {
		if err != nil {
			t.Fatalf("watch after the compacted revision: %v", err)
		}
		f.apply(t, batch)
		if batch.Revision == revision {
			break
		}
	}
	after, now := list(ctx, t, store, "")
	if now != revision || len(after) != len(before) || len(after) != 3 {
		t.Fatalf("compaction changed the entries: %v at %d, before %v at %d", after, now, before, revision)
	}
	put(ctx, t, store, "k/0", "after")
}
