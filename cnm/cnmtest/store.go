// SPDX-License-Identifier: Apache-2.0

package cnmtest

import (
	"context"

	"github.com/linkspan/linkspan/store/kv"
)

// Store is a store whose transactions are steps that can be killed. Unlike the
// other operations they have one step only: whoever opens the store again
// sees what happened, and a process that dies after a transaction dies at its
// next step.
type Store struct {
	kv.Store
	Kill *Kill
}

// Txn implements [kv.Store].
func (s Store) Txn(ctx context.Context, txn kv.Txn) (uint64, error) {
	if err := s.Kill.step("store"); err != nil {
		return 0, err
	}
	return s.Store.Txn(ctx, txn)
}
