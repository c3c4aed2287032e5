// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func conditions(ctx context.Context, t *testing.T, store kv.Store) {
	old := put(ctx, t, store, "here", "1")
	now := put(ctx, t, store, "here", "2")
	other := put(ctx, t, store, "other", "1")
	cases := []struct {
		name  string
		conds []kv.Cond
		holds bool
	}{
		{"none", nil, true},
		{"absent, and it is", []kv.Cond{kv.Absent("gone")}, true},
		{"absent, but it exists", []kv.Cond{kv.Absent("here")}, false},
		{"present, and it is", []kv.Cond{kv.Present("here")}, true},
		{"present, but it does not exist", []kv.Cond{kv.Present("gone")}, false},
		{"revision now", []kv.Cond{kv.RevisionIs("here", now)}, true},
		{"revision before", []kv.Cond{kv.RevisionIs("here", old)}, false},
		{"revision of another key", []kv.Cond{kv.RevisionIs("here", other)}, false},
		{"revision to come", []kv.Cond{kv.RevisionIs("here", other+1000)}, false},
		{"revision out of range", []kv.Cond{kv.RevisionIs("here", 1<<64-1)}, false},
		{"revision of an absent key", []kv.Cond{kv.RevisionIs("gone", now)}, false},
		{"revision zero of an absent key", []kv.Cond{kv.RevisionIs("gone", 0)}, false},
		{"revision zero", []kv.Cond{kv.RevisionIs("here", 0)}, false},
		{"all hold", []kv.Cond{kv.Present("here"), kv.RevisionIs("other", other), kv.Absent("gone")}, true},
		{"the last does not", []kv.Cond{kv.Present("here"), kv.RevisionIs("other", other), kv.Absent("here")}, false},
		{"the folder of a key is absent", []kv.Cond{kv.Absent("her")}, true},
	}
	for _, c := range cases {
		revision, err := store.Txn(ctx, kv.Txn{If: c.conds})
		if !c.holds {
			wantError(t, err, kv.ErrConflict)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if revision != other {
			t.Fatalf("%s: a check is at revision %d, the store at %d", c.name, revision, other)
		}
	}
}

func conflictChangesNothing(ctx context.Context, t *testing.T, store kv.Store) {
	put(ctx, t, store, "a", "1")
	before, revision := list(ctx, t, store, "")
	_, err := store.Txn(ctx, kv.Txn{
		If:   []kv.Cond{kv.Present("a"), kv.Present("missing")},
		Then: []kv.Op{kv.Put("a", []byte("2")), kv.Put("b", []byte("2")), kv.Delete("c")},
	})
	wantError(t, err, kv.ErrConflict)
	after, now := list(ctx, t, store, "")
	if now != revision || len(after) != len(before) || string(after[0].Value) != "1" {
		t.Fatalf("a refused transaction left %v at %d, before it was %v at %d", after, now, before, revision)
	}
}
