// SPDX-License-Identifier: Apache-2.0

package bbolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/internal/history"
)

var (
	_ kv.Store     = (*Store)(nil)
	_ kv.Compacter = (*Store)(nil)
)

// Store is a store in a file. Make it with [Open].
type Store struct {
	db       *bbolt.DB
	log      *history.Log
	requests chan *request

	closing  sync.Once
	stop     chan struct{} // closed by Close
	stopped  chan struct{} // closed when the commit loop has ended
	closeErr error
}

// Get implements [kv.Store].
func (s *Store) Get(ctx context.Context, key string) (entry kv.Entry, err error) {
	if err := kv.CheckKey(key); err != nil {
		return kv.Entry{}, err
	}
	err = s.view(ctx, "get", key, func(tx *bbolt.Tx) error {
		raw := tx.Bucket([]byte(bucketEntries)).Get([]byte(key))
		if raw == nil {
			return &kv.Error{Code: kv.NotFound, Op: "get", Key: key}
		}
		entry, err = decodeRecord([]byte(key), raw)
		return err
	})
	return entry, err
}

// List implements [kv.Store].
func (s *Store) List(ctx context.Context, prefix string) (entries []kv.Entry, revision uint64, err error) {
	if err := kv.CheckPrefix(prefix); err != nil {
		return nil, 0, err
	}
	err = s.view(ctx, "list", prefix, func(tx *bbolt.Tx) error {
		revision = readUint64(tx.Bucket([]byte(bucketMeta)), keyRevision)
		cursor := tx.Bucket([]byte(bucketEntries)).Cursor()
		for key, raw := cursor.Seek([]byte(prefix)); bytes.HasPrefix(key, []byte(prefix)) && key != nil; key, raw = cursor.Next() {
			entry, err := decodeRecord(key, raw)
			if err != nil {
				return err
			}
			entries = append(entries, entry)
		}
		return nil
	})
	return entries, revision, err
}

// Watch implements [kv.Store].
func (s *Store) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[kv.Batch, error] {
	return func(yield func(kv.Batch, error) bool) {
		err := kv.CheckPrefix(prefix)
		if err == nil {
			err = s.checkPast(ctx, "watch", prefix, kv.Compacted, after)
		}
		if err != nil {
			yield(kv.Batch{}, err)
			return
		}
		s.log.Watch(ctx, prefix, after)(yield)
	}
}

// Compact implements [kv.Compacter].
func (s *Store) Compact(ctx context.Context, revision uint64) error {
	if err := s.checkPast(ctx, "compact", "", kv.Invalid, revision); err != nil {
		return err
	}
	s.log.Compact(revision)
	return nil
}

// checkPast returns an error of the given code when the store has not reached
// the revision yet.
func (s *Store) checkPast(ctx context.Context, op, key string, code kv.Code, revision uint64) error {
	return s.view(ctx, op, key, func(tx *bbolt.Tx) error {
		if now := readUint64(tx.Bucket([]byte(bucketMeta)), keyRevision); revision > now {
			return &kv.Error{Code: code, Op: op, Key: key, Err: fmt.Errorf("revision %d lies after %d", revision, now)}
		}
		return nil
	})
}

// view runs a read transaction.
func (s *Store) view(ctx context.Context, op, key string, read func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s %q: %w", op, key, err)
	}
	err := s.db.View(read)
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) || err != nil && s.isClosed() {
		return &kv.Error{Code: kv.Closed, Op: op, Key: key}
	}
	var coded *kv.Error
	if err == nil || errors.As(err, &coded) {
		return err
	}
	return fmt.Errorf("%s %q: %w", op, key, err)
}

func (s *Store) isClosed() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// Close implements [kv.Store].
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.stop)
		<-s.stopped
		s.log.Close()
		s.closeErr = s.db.Close()
	})
	return s.closeErr
}
