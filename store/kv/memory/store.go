// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sort"
	"strings"
	"sync"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/internal/history"
)

var (
	_ kv.LeasedStore = (*Store)(nil)
	_ kv.Compacter   = (*Store)(nil)
)

// Store is a store in memory. Make it with [New].
type Store struct {
	log *history.Log

	mu       sync.RWMutex
	entries  map[string]record
	keys     []string // of entries, sorted
	revision uint64
	closed   bool

	leases    map[kv.LeaseID]*lease
	lastLease uint64
	expiries  sync.WaitGroup // timers that are set or running
}

// record is an entry as it is kept; its value is never changed.
type record struct {
	value    []byte
	revision uint64
	lease    kv.LeaseID
}

// New returns an empty store at revision 1.
func New() *Store {
	const first = 1
	return &Store{
		log:      history.New(first),
		entries:  make(map[string]record),
		leases:   make(map[kv.LeaseID]*lease),
		revision: first,
	}
}

// Get implements [kv.Store].
func (s *Store) Get(ctx context.Context, key string) (kv.Entry, error) {
	if err := kv.CheckKey(key); err != nil {
		return kv.Entry{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx, "get", key); err != nil {
		return kv.Entry{}, err
	}
	rec, found := s.entries[key]
	if !found {
		return kv.Entry{}, &kv.Error{Code: kv.NotFound, Op: "get", Key: key}
	}
	return rec.entry(key), nil
}

// List implements [kv.Store].
func (s *Store) List(ctx context.Context, prefix string) ([]kv.Entry, uint64, error) {
	if err := kv.CheckPrefix(prefix); err != nil {
		return nil, 0, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx, "list", prefix); err != nil {
		return nil, 0, err
	}
	var entries []kv.Entry
	for _, key := range s.keys[sort.SearchStrings(s.keys, prefix):] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		entries = append(entries, s.entries[key].entry(key))
	}
	return entries, s.revision, nil
}

// Watch implements [kv.Store].
func (s *Store) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[kv.Batch, error] {
	return func(yield func(kv.Batch, error) bool) {
		if err := s.watchable(ctx, prefix, after); err != nil {
			yield(kv.Batch{}, err)
			return
		}
		s.log.Watch(ctx, prefix, after)(yield)
	}
}

func (s *Store) watchable(ctx context.Context, prefix string, after uint64) error {
	if err := kv.CheckPrefix(prefix); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx, "watch", prefix); err != nil {
		return err
	}
	if after > s.revision {
		err := fmt.Errorf("revision %d lies after %d", after, s.revision)
		return &kv.Error{Code: kv.Compacted, Op: "watch", Key: prefix, Err: err}
	}
	return nil
}

// Compact implements [kv.Compacter].
func (s *Store) Compact(ctx context.Context, revision uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx, "compact", ""); err != nil {
		return err
	}
	if revision > s.revision {
		err := fmt.Errorf("revision %d lies after %d", revision, s.revision)
		return &kv.Error{Code: kv.Invalid, Op: "compact", Err: err}
	}
	s.log.Compact(revision)
	return nil
}

// Close implements [kv.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.dropLeases()
		s.log.Close()
	}
	s.mu.Unlock()
	s.expiries.Wait()
	return nil
}

// usable is called with the lock held.
func (s *Store) usable(ctx context.Context, op, key string) error {
	if s.closed {
		return &kv.Error{Code: kv.Closed, Op: op, Key: key}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s %q: %w", op, key, err)
	}
	return nil
}

func (r record) entry(key string) kv.Entry {
	return kv.Entry{Key: key, Value: bytes.Clone(r.value), Revision: r.revision}
}
