// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"strconv"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// numbered runs take, which takes a number, when no other call of this process
// does: each of them would only lose the number to the other.
func (s *Store) numbered(ctx context.Context, take func() error) error {
	select {
	case s.numbering <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.numbering }()
	return take()
}

// nextNumber reads the counter of a kind and returns the number to try, with
// what a transaction must hold and do to take it. Numbers run from 1 to last
// and then begin again, so that a number rests as long as it can before it is
// used a second time.
func (s *Store) nextNumber(ctx context.Context, kind string, last uint64) (uint64, kv.Cond, kv.Op, error) {
	key := numbersPrefix + kind
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, kv.ErrNotFound) {
		return 1, kv.Absent(key), kv.Put(key, []byte("1")), nil
	}
	if err != nil {
		return 0, kv.Cond{}, kv.Op{}, fault("number a "+kind, err)
	}
	current, err := strconv.ParseUint(string(entry.Value), 10, 64)
	if err != nil {
		return 0, kv.Cond{}, kv.Op{}, &linkspan.Error{Code: linkspan.Internal, Op: "number a " + kind, Err: err}
	}
	next := current%last + 1
	return next, kv.RevisionIs(key, entry.Revision), kv.Put(key, strconv.AppendUint(nil, next, 10)), nil
}

// skipNumber moves the counter past a number that is still in use.
func (s *Store) skipNumber(ctx context.Context, cond kv.Cond, op kv.Op) error {
	_, err := s.kv.Txn(ctx, kv.Txn{If: []kv.Cond{cond}, Then: []kv.Op{op}})
	return err
}
