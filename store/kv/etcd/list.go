// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/linkspan/linkspan/store/kv"
)

const (
	// pageSize is the number of entries read in one request.
	pageSize = 500
	// listAttempts bounds how often a list starts again because the history
	// it reads was compacted between two of its pages.
	listAttempts = 3
)

// List implements [kv.Store].
func (s *Store) List(ctx context.Context, prefix string) (entries []kv.Entry, revision uint64, err error) {
	if err := kv.CheckPrefix(prefix); err != nil {
		return nil, 0, err
	}
	for range listAttempts {
		entries, revision, err = s.listOnce(ctx, prefix)
		if !errors.Is(err, kv.ErrCompacted) {
			return entries, revision, err
		}
	}
	return nil, 0, &kv.Error{Code: kv.Unavailable, Op: "list", Key: prefix, Err: err}
}

// listOnce reads all pages at the revision of the first one.
func (s *Store) listOnce(ctx context.Context, prefix string) ([]kv.Entry, uint64, error) {
	var entries []kv.Entry
	var revision int64
	from, to := s.root+prefix, clientv3.GetPrefixRangeEnd(s.root+prefix)
	for {
		page, err := s.page(ctx, prefix, from, to, revision)
		if err != nil {
			return nil, 0, err
		}
		if revision == 0 {
			revision = page.Header.Revision
		}
		for _, pair := range page.Kvs {
			entries = append(entries, s.entry(pair))
		}
		if !page.More || len(page.Kvs) == 0 {
			return entries, uint64(revision), nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

func (s *Store) page(ctx context.Context, prefix, from, to string, revision int64) (page *clientv3.GetResponse, err error) {
	err = s.call(ctx, "list", prefix, func(ctx context.Context) error {
		page, err = s.client.Get(ctx, from, clientv3.WithRange(to), clientv3.WithLimit(pageSize), clientv3.WithRev(revision))
		return err
	})
	return page, err
}

// checkPast returns an error of the given code when the cluster has not
// reached the revision yet.
func (s *Store) checkPast(ctx context.Context, op, key string, code kv.Code, revision uint64) error {
	return s.call(ctx, op, key, func(ctx context.Context) error {
		resp, err := s.client.Get(ctx, s.root, clientv3.WithCountOnly())
		if err != nil {
			return err
		}
		if now := uint64(resp.Header.Revision); revision > now {
			return &kv.Error{Code: code, Op: op, Key: key, Err: fmt.Errorf("revision %d lies after %d", revision, now)}
		}
		return nil
	})
}

// entry copies the value: a server inside this process shares it with others.
func (s *Store) entry(pair *mvccpb.KeyValue) kv.Entry {
	return kv.Entry{
		Key:      string(pair.Key[len(s.root):]),
		Value:    append([]byte{}, pair.Value...), // never nil
		Revision: uint64(pair.ModRevision),
	}
}
