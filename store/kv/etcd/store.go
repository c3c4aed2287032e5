// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/linkspan/linkspan/store/kv"
)

var (
	_ kv.LeasedStore = (*Store)(nil)
	_ kv.Compacter   = (*Store)(nil)
)

// Store is a store in an etcd cluster. Make it with [Dial].
type Store struct {
	client  *clientv3.Client
	root    string
	timeout time.Duration

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // requests under way
}

// Dial returns a store in a cluster. It does not wait for the cluster: while
// that cannot be reached, the methods fail with [kv.ErrUnavailable].
func Dial(cfg Config) (*Store, error) {
	cfg = cfg.Default()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            cfg.Endpoints,
		TLS:                  cfg.TLS,
		Username:             cfg.Username,
		Password:             cfg.Password,
		DialTimeout:          cfg.Timeout,
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 5 * time.Second,
		Logger:               newLogger(cfg.Log),
	})
	if err != nil {
		return nil, &kv.Error{Code: kv.Unavailable, Op: "dial", Key: strings.Join(cfg.Endpoints, ","), Err: err}
	}
	return newStore(client, cfg.Root, cfg.Timeout), nil
}

func newStore(client *clientv3.Client, root string, timeout time.Duration) *Store {
	return &Store{client: client, root: root, timeout: timeout}
}

// Get implements [kv.Store].
func (s *Store) Get(ctx context.Context, key string) (entry kv.Entry, err error) {
	if err := kv.CheckKey(key); err != nil {
		return kv.Entry{}, err
	}
	err = s.call(ctx, "get", key, func(ctx context.Context) error {
		resp, err := s.client.Get(ctx, s.root+key)
		if err != nil {
			return err
		}
		if len(resp.Kvs) == 0 {
			return &kv.Error{Code: kv.NotFound, Op: "get", Key: key}
		}
		entry = s.entry(resp.Kvs[0])
		return nil
	})
	return entry, err
}

// Compact implements [kv.Compacter]. It concerns the whole cluster, also what
// is not below the root.
func (s *Store) Compact(ctx context.Context, revision uint64) error {
	if err := s.checkPast(ctx, "compact", "", kv.Invalid, revision); err != nil {
		return err
	}
	err := s.call(ctx, "compact", "", func(ctx context.Context) error {
		_, err := s.client.Compact(ctx, int64(revision))
		return err
	})
	if errors.Is(err, kv.ErrCompacted) {
		return nil // somebody compacted further
	}
	return err
}

// Close implements [kv.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	var err error
	if first {
		err = s.client.Close()
	}
	s.calls.Wait()
	if errors.Is(err, context.Canceled) {
		return nil // the client's own context, which closing cancels
	}
	return err
}

// call makes one request, bounded in time, and codes its error.
func (s *Store) call(ctx context.Context, op, key string, request func(context.Context) error) error {
	if !s.enter() {
		return &kv.Error{Code: kv.Closed, Op: op, Key: key}
	}
	defer s.calls.Done()
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.coded(ctx, op, key, request(bounded))
}

func (s *Store) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.calls.Add(1)
	}
	return !s.closed
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
