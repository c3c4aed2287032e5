// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

// benchKeys is the size of the store that is measured; the values have
// benchValue bytes, as a record of an endpoint has.
const (
	benchKeys  = 10_000
	benchValue = 256
)

// Bench measures a store that open returns: put and get of one key among
// 10,000, creation of a key that must be absent, alone and by 64 writers at
// once, and the time from the begin of a put to its event.
func Bench(b *testing.B, open func(b *testing.B) kv.Store) {
	ctx := b.Context()
	store := open(b)
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	value := make([]byte, benchValue)
	seed(ctx, b, store, "bench/", benchKeys, string(value))
	key := func(i int) string { return fmt.Sprintf("bench/%05d", i%benchKeys) }
	var created atomic.Int64

	b.Run("get", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			entry, err := store.Get(ctx, key(i))
			must(b, entry, err)
		}
	})
	b.Run("put", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			put(ctx, b, store, key(i), string(value))
		}
	})
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			if err := create(ctx, store, created.Add(1), value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("create-64", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := create(ctx, store, created.Add(1), value); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("put-to-watch", func(b *testing.B) { putToWatch(ctx, b, store) })
}

func create(ctx context.Context, store kv.Store, number int64, value []byte) error {
	key := fmt.Sprintf("created/%09d", number)
	_, err := store.Txn(ctx, kv.Txn{If: []kv.Cond{kv.Absent(key)}, Then: []kv.Op{kv.Put(key, value)}})
	return err
}

func putToWatch(ctx context.Context, b *testing.B, store kv.Store) {
	ctx, cancel := context.WithCancel(ctx)
	start := put(ctx, b, store, "watched/k", "")
	seen, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for _, err := range store.Watch(ctx, "watched/", start) {
			if err != nil {
				return
			}
			seen <- struct{}{}
		}
	}()
	for b.Loop() {
		put(ctx, b, store, "watched/k", "")
		<-seen
	}
	cancel()
	<-ended
}
