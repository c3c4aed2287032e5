// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"errors"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

// closed closes a store under load; whoever comes later is told so.
func closed(ctx context.Context, t *testing.T, store kv.Store) {
	revision := put(ctx, t, store, "k", "v")
	together(t, func(worker int) error {
		if worker == 0 {
			return store.Close()
		}
		for {
			_, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("k", nil)}})
			if errors.Is(err, kv.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	_, err := store.Get(ctx, "k")
	wantError(t, err, kv.ErrClosed)
	_, _, err = store.List(ctx, "")
	wantError(t, err, kv.ErrClosed)
	_, err = store.Txn(ctx, kv.Txn{})
	wantError(t, err, kv.ErrClosed)
	for _, err := range store.Watch(ctx, "", revision) {
		wantError(t, err, kv.ErrClosed)
	}
	if leaser, ok := store.(kv.Leaser); ok {
		_, err = leaser.Grant(ctx, kv.MinTTL)
		wantError(t, err, kv.ErrClosed)
	}
	if err := store.Close(); err != nil {
		t.Fatalf("second close: %v", err)
	}
}
