// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"

	"github.com/linkspan/linkspan/store/kv"
)

// ruling is what makes one change of groups and links follow the other: whether a
// change fits depends on all of them.
type ruling struct {
	cond kv.Cond
	op   kv.Op
}

// A Check refuses with an error what is about to be written about groups and links.
// What it reads of these from the Store is what the write rests upon: if any of them
// changes in between, it is asked anew. It must not write to the Store. nil refuses
// nothing.
type Check[T any] func(ctx context.Context, to T) error

func (c Check[T]) ask(ctx context.Context, to T) error {
	if c == nil {
		return nil
	}
	return c(ctx, to)
}

// lastRuling is where their count begins again; nothing depends on its value.
const lastRuling = 1 << 48

// ruling repeats a change of groups or links while others win. try reads, and
// writes on the condition that it is given, with the operation that is.
func (s *Store) ruling(ctx context.Context, op string, try func(ruling) error) error {
	return retry(ctx, op, func() error {
		return s.numbered(ctx, func() error {
			_, cond, next, err := s.nextNumber(ctx, "ruling", lastRuling)
			if err != nil {
				return err
			}
			return try(ruling{cond, next})
		})
	})
}
