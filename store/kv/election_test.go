// SPDX-License-Identifier: Apache-2.0

package kv_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// deaf is a store that does not answer renewals.
type deaf struct {
	*memory.Store
	now atomic.Bool
}

func (d *deaf) Renew(ctx context.Context, id kv.LeaseID) error {
	if d.now.Load() {
		return kv.ErrUnavailable
	}
	return d.Store.Renew(ctx, id)
}

// TestTermPassesOn: while a holder renews, its term goes on; when its store
// falls silent it gives up before the next candidate takes over.
func TestTermPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = 9 * time.Second
		store := &deaf{Store: memory.New()}
		defer store.Close()
		first, err := kv.Campaign(t.Context(), store, "leader", []byte("1"), ttl)
		if err != nil {
			t.Fatal(err)
		}
		held := make(chan error, 1)
		go func() { held <- first.Hold(t.Context()) }()
		second := make(chan *kv.Term, 1)
		go func() {
			term, err := kv.Campaign(t.Context(), store, "leader", []byte("2"), ttl)
			if err != nil {
				t.Error(err)
			}
			second <- term
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case err := <-held:
			t.Fatalf("term was lost while it was renewed: %v", err)
		case <-second:
			t.Fatal("two candidates hold the key")
		default:
		}
		store.now.Store(true)
		term := <-second
		if term.Revision <= first.Revision {
			t.Errorf("term %d came after %d", term.Revision, first.Revision)
		}
		select {
		case err := <-held:
			if !errors.Is(err, kv.ErrUnavailable) {
				t.Errorf("first holder was told %v", err)
			}
		default:
			t.Error("two holders at once: the first one has not noticed")
		}
		if _, err := store.Txn(t.Context(), kv.Txn{If: []kv.Cond{first.Fence()}}); !errors.Is(err, kv.ErrConflict) {
			t.Errorf("fence of the first term: %v", err)
		}
	})
}

func TestCampaignEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		defer store.Close()
		if _, err := kv.Campaign(t.Context(), store, "a/leader", nil, time.Hour); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := kv.Campaign(ctx, store, "a/leader", nil, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want the deadline", err)
		}
	})
}
