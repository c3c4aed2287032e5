// SPDX-License-Identifier: Apache-2.0

package kv

import (
	"context"
	"errors"
	"time"
)

// LeasedStore is a store that can hold elections.
type LeasedStore interface {
	Store
	Leaser
}

// Term is the time during which one candidate holds a key.
type Term struct {
	// Key is the key that is held.
	Key string
	// Revision numbers the term: of two holders of the same key, the later
	// one has the higher revision.
	Revision uint64

	store   LeasedStore
	lease   LeaseID
	ttl     time.Duration
	granted time.Time // the lease ends no earlier than ttl after this
}

// Fence is the condition to put into every transaction that only the holder
// may do: it fails once the term is over, even if the holder has not noticed.
func (t *Term) Fence() Cond { return RevisionIs(t.Key, t.Revision) }

// Campaign waits until it holds the key, writes the value there, and returns
// the term. At most one candidate holds a key at a time. The term ends when it
// is not held up by [Term.Hold] for longer than ttl, or by [Term.Resign]. An
// error ends the campaign; what it left behind goes away with its lease.
func Campaign(ctx context.Context, store LeasedStore, key string, value []byte, ttl time.Duration) (*Term, error) {
	for {
		term, err := stand(ctx, store, key, value, ttl)
		if err == nil || !errors.Is(err, ErrConflict) {
			return term, err
		}
		if err := awaitAbsence(ctx, store, key); err != nil {
			return nil, err
		}
	}
}

// stand tries once; the error is ErrConflict when somebody holds the key.
func stand(ctx context.Context, store LeasedStore, key string, value []byte, ttl time.Duration) (*Term, error) {
	granted := time.Now()
	lease, err := store.Grant(ctx, ttl)
	if err != nil {
		return nil, err
	}
	revision, err := store.Txn(ctx, Txn{
		If:   []Cond{Absent(key)},
		Then: []Op{PutLeased(key, value, lease)},
	})
	if err != nil {
		return nil, errors.Join(err, revokeDetached(ctx, store, lease, ttl))
	}
	return &Term{Key: key, Revision: revision, store: store, lease: lease, ttl: ttl, granted: granted}, nil
}

// awaitAbsence returns nil once the key was seen to be absent.
func awaitAbsence(ctx context.Context, store Store, key string) error {
	entry, err := store.Get(ctx, key)
	for err == nil {
		err = watchUntilDeleted(ctx, store, entry)
		if err == nil || errors.Is(err, ErrCompacted) {
			entry, err = store.Get(ctx, key)
		}
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func watchUntilDeleted(ctx context.Context, store Store, entry Entry) error {
	for batch, err := range store.Watch(ctx, parent(entry.Key), entry.Revision) {
		if err != nil {
			return err
		}
		for _, event := range batch.Events {
			if event.Kind == Deleted && event.Entry.Key == entry.Key {
				return nil
			}
		}
	}
	return nil
}

// parent returns the longest prefix that covers the key.
func parent(key string) string {
	for i := len(key) - 1; i >= 0; i-- {
		if key[i] == '/' {
			return key[:i+1]
		}
	}
	return ""
}

// Hold renews the term, three times per ttl, until the context ends or the
// term is lost, and says which: the error of the context, or [ErrNotFound]
// when the term is over. While the store is unavailable it tries on, but only
// for as long as the lease certainly lives: between half a ttl and one ttl
// after the last success it returns [ErrUnavailable], and the term must be
// taken as lost. Call it at once after [Campaign], and once.
func (t *Term) Hold(ctx context.Context) error {
	tick := time.NewTicker(t.ttl / 3)
	defer tick.Stop()
	last := t.granted
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		start := time.Now()
		err := t.renew(ctx)
		switch {
		case err == nil:
			last = start
		case errors.Is(err, ErrNotFound) || errors.Is(err, ErrClosed) || ctx.Err() != nil:
			return err
		case time.Since(last) > t.ttl/2:
			return &Error{Code: Unavailable, Op: "hold", Key: t.Key, Err: err}
		}
	}
}

// renew must not hang for longer than the next attempt is away.
func (t *Term) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.ttl/3)
	defer cancel()
	return t.store.Renew(ctx, t.lease)
}

// Resign ends the term at once, so that another candidate need not wait.
func (t *Term) Resign(ctx context.Context) error {
	return t.store.Revoke(ctx, t.lease)
}

// revokeDetached frees a lease also when the campaign's context has ended.
func revokeDetached(ctx context.Context, store Leaser, lease LeaseID, ttl time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ttl)
	defer cancel()
	return store.Revoke(ctx, lease)
}
