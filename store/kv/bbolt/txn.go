// SPDX-License-Identifier: Apache-2.0

package bbolt

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/linkspan/linkspan/store/kv"
)

// Txn implements [kv.Store].
func (s *Store) Txn(ctx context.Context, txn kv.Txn) (uint64, error) {
	if err := txn.Validate(); err != nil {
		return 0, err
	}
	if err := refuseLeases(txn); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("transaction: %w", err)
	}
	req := &request{txn: txn, done: make(chan struct{})}
	select {
	case s.requests <- req:
	case <-s.stop:
		return 0, &kv.Error{Code: kv.Closed, Op: "transaction"}
	case <-ctx.Done():
		return 0, fmt.Errorf("transaction: %w", ctx.Err())
	}
	// From here on the loop reads the slices of the caller, so that the
	// answer must be awaited; it takes one or two syncs.
	<-req.done
	return req.revision, req.err
}

func refuseLeases(txn kv.Txn) error {
	for _, op := range txn.Then {
		if op.Lease != "" {
			return &kv.Error{Code: kv.Invalid, Op: "transaction", Key: op.Key, Err: errors.New("this store has no leases")}
		}
	}
	return nil
}

// evaluate does the transaction of a request within tx, at the revision after
// the given one, and returns the revision that is then reached. What the
// caller is to know it leaves in the request; an error means that tx is
// spoilt.
func (r *request) evaluate(tx *bbolt.Tx, revision uint64) (uint64, error) {
	r.revision, r.err, r.events = revision, nil, nil
	bucket := tx.Bucket([]byte(bucketEntries))
	conflict, err := firstConflict(bucket, r.txn.If)
	if conflict != nil || err != nil {
		r.revision, r.err = 0, conflict
		return revision, err
	}
	for _, op := range r.txn.Then {
		if err := r.apply(bucket, op, revision+1); err != nil {
			return revision, err
		}
	}
	if len(r.events) > 0 {
		r.revision = revision + 1
	}
	return r.revision, nil
}

func firstConflict(bucket *bbolt.Bucket, conds []kv.Cond) (conflict, err error) {
	for _, cond := range conds {
		var entry kv.Entry
		raw := bucket.Get([]byte(cond.Key))
		if raw != nil {
			if entry, err = decodeRecord([]byte(cond.Key), raw); err != nil {
				return nil, err
			}
		}
		if !cond.Holds(entry, raw != nil) {
			return &kv.Error{Code: kv.Conflict, Op: "transaction", Key: cond.Key}, nil
		}
	}
	return nil, nil
}

func (r *request) apply(bucket *bbolt.Bucket, op kv.Op, revision uint64) error {
	key := []byte(op.Key)
	switch op.Kind {
	case kv.OpPut:
		r.events = append(r.events, kv.Event{Kind: kv.Written, Entry: kv.Entry{
			Key: op.Key, Value: append([]byte{}, op.Value...), Revision: revision,
		}})
		return bucket.Put(key, encodeRecord(revision, op.Value))
	case kv.OpDelete:
		if bucket.Get(key) == nil {
			return nil
		}
		r.events = append(r.events, kv.Event{Kind: kv.Deleted, Entry: kv.Entry{Key: op.Key, Revision: revision}})
		return bucket.Delete(key)
	default:
		return fmt.Errorf("operation of unknown kind %d", op.Kind)
	}
}
