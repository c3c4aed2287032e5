// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// maxTries bounds how often an optimistic transaction is repeated. Each try
// loses only to somebody else's success, so reaching it means a fault.
const maxTries = 64

// Store keeps the words in a key-value store. Its methods may be called
// concurrently, by many processes.
type Store struct {
	kv  kv.Store
	now func() time.Time

	numbering chan struct{} // holds one while a number is taken
	policies  policyShelf
}

// New keeps the words in s, which stays the caller's to close.
func New(s kv.Store) *Store {
	return &Store{kv: s, now: time.Now, numbering: make(chan struct{}, 1)}
}

// get reads one record; missing is a coded error that says what is missing.
func get[T any](ctx context.Context, s *Store, key, what string) (T, uint64, error) {
	var record T
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, kv.ErrNotFound) {
		return record, 0, &linkspan.Error{Code: linkspan.NotFound, Message: what + " does not exist", Err: nil}
	}
	if err != nil {
		return record, 0, fault("read "+what, err)
	}
	if err := json.Unmarshal(entry.Value, &record); err != nil {
		return record, 0, fmt.Errorf("record %s: %w", key, err)
	}
	return record, entry.Revision, nil
}

// list reads all records under a prefix.
func list[T any](ctx context.Context, s *Store, prefix string) ([]T, error) {
	entries, _, err := s.kv.List(ctx, prefix)
	if err != nil {
		return nil, fault("list "+prefix, err)
	}
	records := make([]T, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &records[i]); err != nil {
			return nil, fmt.Errorf("record %s: %w", e.Key, err)
		}
	}
	return records, nil
}

// put encodes a record. Records are plain structs, so encoding cannot fail but
// by a fault of the program.
func put(key string, record any) kv.Op {
	value, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("record %s: %v", key, err))
	}
	return kv.Put(key, value)
}

// retry repeats an optimistic transaction while others win.
func retry(ctx context.Context, op string, try func() error) error {
	for range maxTries {
		err := try()
		if !errors.Is(err, kv.ErrConflict) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return &linkspan.Error{Code: linkspan.Conflict, Op: op, Message: "others change it all the time", Hint: "try again"}
}

// fault gives an error of the key-value store the code its caller acts upon.
func fault(op string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var coded *linkspan.Error
	switch {
	case errors.As(err, &coded) || errors.Is(err, kv.ErrConflict):
		return err
	case errors.Is(err, kv.ErrUnavailable) || errors.Is(err, kv.ErrClosed):
		return &linkspan.Error{Code: linkspan.Unavailable, Op: op, Err: err}
	case errors.Is(err, kv.ErrTooLarge):
		return &linkspan.Error{Code: linkspan.Invalid, Op: op, Err: err}
	case errors.Is(err, kv.ErrFull):
		return &linkspan.Error{Code: linkspan.Exhausted, Op: op, Err: err, Hint: "free disk space for the store"}
	}
	return &linkspan.Error{Code: linkspan.Internal, Op: op, Err: err}
}
