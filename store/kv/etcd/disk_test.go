// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

func TestEmbedRefusesFullDisk(t *testing.T) {
	cfg := config(t, shortDir(t))
	cfg.MinFree = 1 << 62 // more than any disk has
	_, err := Embed(t.Context(), cfg)
	if !errors.Is(err, kv.ErrFull) {
		t.Fatalf("error is %v, want full", err)
	}
}

// TestDiskFillsUp changes what the store is told of the disk, in place of
// filling one.
func TestDiskFillsUp(t *testing.T) {
	ctx, cancel := within(t)
	defer cancel()
	var left atomic.Uint64
	left.Store(1 << 40)
	store, err := embedOn(ctx, config(t, shortDir(t)), func(string) (uint64, error) { return left.Load(), nil })
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	put := func() error {
		_, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("k", nil)}})
		return err
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	left.Store(defaultMinFree/2 - 1)
	for err == nil {
		err = put()
	}
	if !errors.Is(err, kv.ErrFull) {
		t.Fatalf("error is %v, want full", err)
	}
	if _, err := store.Grant(ctx, time.Minute); !errors.Is(err, kv.ErrFull) {
		t.Fatalf("grant: %v, want full", err)
	}
	if err := store.Writable(); !errors.Is(err, kv.ErrFull) {
		t.Errorf("writable: %v, want full", err)
	}
	if _, err := store.Get(ctx, "k"); err != nil {
		t.Fatalf("get with a full disk: %v", err)
	}
	left.Store(defaultMinFree / 2)
	for errors.Is(err, kv.ErrFull) {
		err = put()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Writable(); err != nil {
		t.Errorf("writable again: %v", err)
	}
}
