// SPDX-License-Identifier: Apache-2.0

package kv_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// faulty is a store whose reads fail by chance: lists are unavailable, watches
// end early, and history is compacted behind the reader's back.
type faulty struct {
	*memory.Store

	mu     sync.Mutex
	random *rand.Rand
	broken bool // all reads are unavailable
	lists  int
	ends   map[kv.Code]int // of watches, by code
}

var _ kv.Store = (*faulty)(nil)

func newFaulty(seed uint64) *faulty {
	return &faulty{Store: memory.New(), random: rand.New(rand.NewPCG(seed, seed)), ends: make(map[kv.Code]int)}
}

// fails returns the code of the fault to inject now, empty for none.
func (f *faulty) fails(codes ...kv.Code) kv.Code {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken {
		return kv.Unavailable
	}
	if n := f.random.IntN(4 * len(codes)); n < len(codes) {
		return codes[n]
	}
	return ""
}

func (f *faulty) List(ctx context.Context, prefix string) ([]kv.Entry, uint64, error) {
	if code := f.fails(kv.Unavailable); code != "" {
		return nil, 0, &kv.Error{Code: code, Op: "list", Key: prefix}
	}
	f.mu.Lock()
	f.lists++
	f.mu.Unlock()
	return f.Store.List(ctx, prefix)
}

func (f *faulty) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[kv.Batch, error] {
	return func(yield func(kv.Batch, error) bool) {
		for batch, err := range f.Store.Watch(ctx, prefix, after) {
			if code := f.fails(kv.Unavailable, kv.Compacted); err == nil && code != "" {
				f.mu.Lock()
				f.ends[code]++
				f.mu.Unlock()
				yield(kv.Batch{}, &kv.Error{Code: code, Op: "watch", Key: prefix})
				return
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}

func (f *faulty) setBroken(broken bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = broken
}
