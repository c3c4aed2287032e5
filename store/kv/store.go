// SPDX-License-Identifier: Apache-2.0

package kv

import (
	"context"
	"iter"
)

// Store is an ordered map with revisions, transactions and watches. All of its
// methods may be called concurrently, also with Close.
//
// Reads are linearizable: a read that begins after a transaction returned sees
// that transaction. Slices handed in are read only until the call returns;
// slices handed out belong to the caller.
type Store interface {
	// Get returns the entry of a key. The error is [ErrNotFound] when there
	// is none. The cost does not grow with the store beyond a logarithm.
	Get(ctx context.Context, key string) (Entry, error)

	// List returns all entries under a prefix, sorted by key, bytewise, as
	// they were together at the returned revision; a large list is read in
	// pages inside. An empty list is no error. The cost grows with the
	// number of entries returned, not with the store.
	List(ctx context.Context, prefix string) ([]Entry, uint64, error)

	// Txn does all operations, or none of them. It returns the revision of
	// the change, or of the store if nothing changed. The error is
	// [ErrConflict] when a condition does not hold. After [ErrUnavailable],
	// or when the context ends during the call, the transaction may or may
	// not have happened: read before repeating. A change is on stable
	// storage before Txn returns, where the back end has any.
	Txn(ctx context.Context, txn Txn) (uint64, error)

	// Watch yields the changes under a prefix that came after a revision
	// which List, Get, Txn or an earlier batch of the same store gave, in
	// order, and ends with exactly one error: [ErrCompacted] when the
	// changes are no longer known or the revision lies in the future of the
	// store (list anew), [ErrUnavailable] (watch again after the last
	// revision seen), [ErrClosed], or the error of the context. A
	// transaction is never split over two batches. A state of a key that was
	// overwritten before it could be delivered may be left out, so that the
	// batches applied in order give the same map as List, but not always
	// every step between. The sequence may be ranged over once or several
	// times, each time from the beginning; leaving the loop ends the watch.
	// A slow reader holds nobody up; one that stays behind for longer than
	// the history reaches gets ErrCompacted.
	Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[Batch, error]

	// Close ends all watches, waits for calls under way and frees all
	// resources. Later calls fail with [ErrClosed], another Close does
	// nothing.
	Close() error
}

// Guarded is a [Store] that stops writing before its disk is full.
type Guarded interface {
	// Writable returns [ErrFull] while transactions that write would fail
	// with it. It asks nobody.
	Writable() error
}

// Compacter is a [Store] that can be told to forget history.
type Compacter interface {
	// Compact forgets the changes up to and including a revision. Watches
	// that would need them end with [ErrCompacted]. Entries are not
	// affected. Compacting again to the same or a lower revision does
	// nothing; a revision above that of the store is [ErrInvalid].
	Compact(ctx context.Context, revision uint64) error
}
