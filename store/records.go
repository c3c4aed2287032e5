// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// Records is a collection whose record type belongs to another room, such as
// join tokens, which only package trust understands.
type Records[T any] struct {
	store  *Store
	prefix string
	what   string
}

// Tokens holds join tokens by their id.
func Tokens[T any](s *Store) Records[T] { return Records[T]{s, "tokens/", "join token"} }

// Revocations holds revocations by a name their writer chooses.
func Revocations[T any](s *Store) Records[T] { return Records[T]{s, "revocations/", "revocation"} }

// Moves holds the moves of containers that are under way, by their id.
func Moves[T any](s *Store) Records[T] { return Records[T]{s, "moves/", "move"} }

// Create writes a record that does not exist; else the error has code Exists.
func (r Records[T]) Create(ctx context.Context, id string, record T) error {
	_, err := r.store.kv.Txn(ctx, kv.Txn{If: []kv.Cond{kv.Absent(r.prefix + id)}, Then: []kv.Op{put(r.prefix+id, record)}})
	if errors.Is(err, kv.ErrConflict) {
		return &linkspan.Error{Code: linkspan.Exists, Message: r.what + " " + id + " exists already"}
	}
	return fault("create "+r.what, err)
}

// Get returns a record; a missing one has code NotFound.
func (r Records[T]) Get(ctx context.Context, id string) (T, error) {
	record, _, err := get[T](ctx, r.store, r.prefix+id, r.what)
	return record, err
}

// List returns all records, by id.
func (r Records[T]) List(ctx context.Context) ([]T, error) { return list[T](ctx, r.store, r.prefix) }

// Put writes a record, whether or not it exists.
func (r Records[T]) Put(ctx context.Context, id string, record T) error {
	_, err := r.store.kv.Txn(ctx, kv.Txn{Then: []kv.Op{put(r.prefix+id, record)}})
	return fault("write "+r.what, err)
}

// Update replaces a record by what change makes of it, in one step: of two
// updates at once, the second sees the first. A missing record is the zero
// value and is not created: change decides what to say of it. Change may be
// called several times; its error ends the update and is returned as it is.
func (r Records[T]) Update(ctx context.Context, id string, change func(T) (T, error)) (T, error) {
	var record T
	err := retry(ctx, "update "+r.what, func() error {
		old, revision, err := get[T](ctx, r.store, r.prefix+id, r.what)
		missing := linkspan.CodeOf(err) == linkspan.NotFound
		if err != nil && !missing {
			return err
		}
		if record, err = change(old); err != nil {
			return err
		}
		if missing {
			return &linkspan.Error{Code: linkspan.NotFound, Message: r.what + " does not exist"}
		}
		_, err = r.store.kv.Txn(ctx, kv.Txn{
			If:   []kv.Cond{kv.RevisionIs(r.prefix+id, revision)},
			Then: []kv.Op{put(r.prefix+id, record)},
		})
		return err
	})
	return record, fault("update "+r.what, err)
}

// Delete removes a record; a missing one is no error.
func (r Records[T]) Delete(ctx context.Context, id string) error {
	_, err := r.store.kv.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Delete(r.prefix + id)}})
	return fault("delete "+r.what, err)
}

// Sweep removes the records that are of no use any more, as they are at that
// moment: one that changes meanwhile stays. It returns how many went.
func (r Records[T]) Sweep(ctx context.Context, useless func(T) bool) (n int, err error) {
	entries, _, err := r.store.kv.List(ctx, r.prefix)
	if err != nil {
		return 0, fault("list "+r.prefix, err)
	}
	for _, e := range entries {
		var record T
		if err := json.Unmarshal(e.Value, &record); err != nil {
			return n, fmt.Errorf("record %s: %w", e.Key, err)
		}
		if !useless(record) {
			continue
		}
		_, err := r.store.kv.Txn(ctx, kv.Txn{If: []kv.Cond{kv.RevisionIs(e.Key, e.Revision)}, Then: []kv.Op{kv.Delete(e.Key)}})
		if err != nil && !errors.Is(err, kv.ErrConflict) {
			return n, fault("delete "+r.what, err)
		}
		if err == nil {
			n++
		}
	}
	return n, nil
}

// Follow calls replace with all records, now and after each change, until the
// context ends. It suits collections that are small and change rarely.
func (r Records[T]) Follow(ctx context.Context, replace func([]T)) error {
	current := make(map[string]T)
	tell := func() {
		all := make([]T, 0, len(current))
		for _, record := range current {
			all = append(all, record)
		}
		replace(all)
	}
	var bad error
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	read := func(e kv.Entry) {
		var record T
		if err := json.Unmarshal(e.Value, &record); err != nil {
			bad = fmt.Errorf("record %s: %w", e.Key, err)
			cancel(bad)
			return
		}
		current[e.Key] = record
	}
	err := kv.Follow(ctx, r.store.kv, r.prefix, func(entries []kv.Entry, _ uint64) {
		clear(current)
		for _, e := range entries {
			read(e)
		}
		tell()
	}, func(events []kv.Event, _ uint64) {
		for _, e := range events {
			if e.Kind == kv.Deleted {
				delete(current, e.Entry.Key)
				continue
			}
			read(e.Entry)
		}
		tell()
	})
	return errors.Join(bad, err)
}
