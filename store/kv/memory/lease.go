// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

// lease is a lease that has not ended.
type lease struct {
	ttl   time.Duration
	timer *time.Timer
	keys  map[string]struct{}
}

// Grant implements [kv.Leaser].
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (kv.LeaseID, error) {
	if err := kv.CheckTTL(ttl); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx, "grant", ""); err != nil {
		return "", err
	}
	s.lastLease++
	id := kv.LeaseID(strconv.FormatUint(s.lastLease, 10))
	s.expiries.Add(1)
	s.leases[id] = &lease{
		ttl:   ttl,
		keys:  make(map[string]struct{}),
		timer: time.AfterFunc(ttl, func() { defer s.expiries.Done(); s.expire(id) }),
	}
	return id, nil
}

// Renew implements [kv.Leaser].
func (s *Store) Renew(ctx context.Context, id kv.LeaseID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx, "renew", string(id)); err != nil {
		return err
	}
	// A timer that cannot be stopped has fired and waits for the lock.
	l := s.leases[id]
	if l == nil || !l.timer.Stop() {
		return &kv.Error{Code: kv.NotFound, Op: "renew", Key: string(id)}
	}
	l.timer.Reset(l.ttl)
	return nil
}

// Revoke implements [kv.Leaser].
func (s *Store) Revoke(ctx context.Context, id kv.LeaseID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx, "revoke", string(id)); err != nil {
		return err
	}
	if l := s.leases[id]; l != nil && l.timer.Stop() {
		s.expiries.Done()
		s.end(id)
	}
	return nil
}

func (s *Store) expire(id kv.LeaseID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.end(id)
	}
}

// end deletes the entries of a lease as one change, and the lease.
func (s *Store) end(id kv.LeaseID) {
	var ops []kv.Op
	for _, key := range slices.Sorted(maps.Keys(s.leases[id].keys)) {
		ops = append(ops, kv.Delete(key))
	}
	s.apply(ops)
	delete(s.leases, id)
}

// dropLeases stops all timers; the entries are lost with the store.
func (s *Store) dropLeases() {
	for _, l := range s.leases {
		if l.timer.Stop() {
			s.expiries.Done()
		}
	}
	clear(s.leases)
}

func (s *Store) attach(id kv.LeaseID, key string) {
	if l := s.leases[id]; l != nil {
		l.keys[key] = struct{}{}
	}
}

func (s *Store) detach(id kv.LeaseID, key string) {
	if l := s.leases[id]; l != nil {
		delete(l.keys, key)
	}
}
