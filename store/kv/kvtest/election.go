// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

// election has all workers campaign for one key, each of them once. While one
// holds it nobody else does; terms are numbered upwards; and the fence of a
// term that is over holds nothing.
func election(ctx context.Context, t *testing.T, store kv.Store) {
	s := leased(t, store)
	var holders atomic.Int64
	var last atomic.Uint64
	together(t, func(int) error {
		term, err := kv.Campaign(ctx, s, "leader/group", []byte("me"), time.Hour)
		if err != nil {
			return err
		}
		if n := holders.Add(1); n != 1 {
			t.Errorf("%d candidates hold the key", n)
		}
		if before := last.Swap(term.Revision); before >= term.Revision {
			t.Errorf("term %d came after %d", term.Revision, before)
		}
		guarded := kv.Txn{If: []kv.Cond{term.Fence()}, Then: []kv.Op{kv.Put("work", nil)}}
		if _, err := s.Txn(ctx, guarded); err != nil {
			t.Errorf("fence during the term: %v", err)
		}
		holders.Add(-1)
		if err := term.Resign(ctx); err != nil {
			return err
		}
		_, err = s.Txn(ctx, guarded)
		wantErrorHere(t, err, kv.ErrConflict)
		return nil
	})
	holdLost(ctx, t, s)
}

// holdLost revokes a term behind the back of its holder.
func holdLost(ctx context.Context, t *testing.T, s kv.LeasedStore) {
	term, err := kv.Campaign(ctx, s, "leader/group", nil, 3*time.Second)
	must(t, term, err)
	held := make(chan error, 1)
	go func() { held <- term.Hold(ctx) }()
	if err := term.Resign(ctx); err != nil {
		t.Error(err)
	}
	wantError(t, <-held, kv.ErrNotFound)
}
