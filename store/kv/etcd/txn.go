// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"math"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/linkspan/linkspan/store/kv"
)

// Txn implements [kv.Store].
func (s *Store) Txn(ctx context.Context, txn kv.Txn) (revision uint64, err error) {
	if err := txn.Validate(); err != nil {
		return 0, err
	}
	ops, err := s.ops(txn.Then)
	if err != nil {
		return 0, err
	}
	err = s.call(ctx, "transaction", firstKey(txn), func(ctx context.Context) error {
		resp, err := s.client.Txn(ctx).If(s.compares(txn.If)...).Then(ops...).Commit()
		if err != nil {
			return err
		}
		if !resp.Succeeded {
			return &kv.Error{Code: kv.Conflict, Op: "transaction", Key: firstKey(txn)}
		}
		revision = uint64(resp.Header.Revision)
		return nil
	})
	return revision, err
}

// compares says the conditions in etcd's words. A key that does not exist has
// creation and modification revision 0 there.
func (s *Store) compares(conds []kv.Cond) []clientv3.Cmp {
	compares := make([]clientv3.Cmp, 0, len(conds))
	for _, cond := range conds {
		key := s.root + cond.Key
		switch {
		case cond.Kind == kv.CondAbsent:
			compares = append(compares, clientv3.Compare(clientv3.CreateRevision(key), "=", 0))
		case cond.Kind == kv.CondPresent:
			compares = append(compares, clientv3.Compare(clientv3.CreateRevision(key), ">", 0))
		case cond.Revision == 0 || cond.Revision > math.MaxInt64:
			// No entry has such a revision; say what never holds.
			compares = append(compares, clientv3.Compare(clientv3.CreateRevision(key), "<", 0))
		default:
			compares = append(compares, clientv3.Compare(clientv3.ModRevision(key), "=", int64(cond.Revision)))
		}
	}
	return compares
}

func (s *Store) ops(ops []kv.Op) ([]clientv3.Op, error) {
	made := make([]clientv3.Op, 0, len(ops))
	for _, op := range ops {
		key := s.root + op.Key
		if op.Kind == kv.OpDelete {
			made = append(made, clientv3.OpDelete(key))
			continue
		}
		lease, err := parseLease(op.Lease)
		if err != nil {
			return nil, err
		}
		made = append(made, clientv3.OpPut(key, string(op.Value), clientv3.WithLease(lease)))
	}
	return made, nil
}

// firstKey names a transaction in errors.
func firstKey(txn kv.Txn) string {
	switch {
	case len(txn.If) > 0:
		return txn.If[0].Key
	case len(txn.Then) > 0:
		return txn.Then[0].Key
	default:
		return ""
	}
}
