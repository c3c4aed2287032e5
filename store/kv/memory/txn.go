// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"
	"slices"

	"github.com/linkspan/linkspan/store/kv"
)

// Txn implements [kv.Store].
func (s *Store) Txn(ctx context.Context, txn kv.Txn) (uint64, error) {
	if err := txn.Validate(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx, "transaction", ""); err != nil {
		return 0, err
	}
	if err := s.check(txn); err != nil {
		return 0, err
	}
	s.apply(txn.Then)
	return s.revision, nil
}

func (s *Store) check(txn kv.Txn) error {
	for _, cond := range txn.If {
		rec, found := s.entries[cond.Key]
		if !cond.Holds(kv.Entry{Revision: rec.revision}, found) {
			return &kv.Error{Code: kv.Conflict, Op: "transaction", Key: cond.Key}
		}
	}
	for _, op := range txn.Then {
		if op.Lease != "" && s.leases[op.Lease] == nil {
			return &kv.Error{Code: kv.NotFound, Op: "use lease", Key: string(op.Lease)}
		}
	}
	return nil
}

// apply does operations that have been checked, as one change.
func (s *Store) apply(ops []kv.Op) {
	next := s.revision + 1
	var events []kv.Event
	for _, op := range ops {
		switch op.Kind {
		case kv.OpPut:
			events = append(events, s.put(op, next))
		case kv.OpDelete:
			if s.remove(op.Key) {
				events = append(events, kv.Event{Kind: kv.Deleted, Entry: kv.Entry{Key: op.Key, Revision: next}})
			}
		}
	}
	if len(events) > 0 {
		s.revision = next
		s.log.Append(next, events)
	}
}

func (s *Store) put(op kv.Op, revision uint64) kv.Event {
	value := append([]byte{}, op.Value...) // never nil
	old, found := s.entries[op.Key]
	if !found {
		at, _ := slices.BinarySearch(s.keys, op.Key)
		s.keys = slices.Insert(s.keys, at, op.Key)
	}
	s.detach(old.lease, op.Key)
	s.attach(op.Lease, op.Key)
	s.entries[op.Key] = record{value: value, revision: revision, lease: op.Lease}
	return kv.Event{Kind: kv.Written, Entry: kv.Entry{Key: op.Key, Value: value, Revision: revision}}
}

func (s *Store) remove(key string) bool {
	rec, found := s.entries[key]
	if !found {
		return false
	}
	s.detach(rec.lease, key)
	delete(s.entries, key)
	at, _ := slices.BinarySearch(s.keys, key)
	s.keys = slices.Delete(s.keys, at, at+1)
	return true
}
