// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/linkspan/linkspan/store/kv"
)

// Grant implements [kv.Leaser]. etcd counts in whole seconds and grants at
// least 1.5 times its election time-out.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (id kv.LeaseID, err error) {
	if err := kv.CheckTTL(ttl); err != nil {
		return "", err
	}
	seconds := int64((ttl + time.Second - 1) / time.Second)
	err = s.call(ctx, "grant", ttl.String(), func(ctx context.Context) error {
		resp, err := s.client.Grant(ctx, seconds)
		if err == nil {
			id = kv.LeaseID(strconv.FormatInt(int64(resp.ID), 16))
		}
		return err
	})
	return id, err
}

// Renew implements [kv.Leaser].
func (s *Store) Renew(ctx context.Context, id kv.LeaseID) error {
	lease, err := parseLease(id)
	if err != nil {
		return err
	}
	return s.call(ctx, "renew", string(id), func(ctx context.Context) error {
		_, err := s.client.KeepAliveOnce(ctx, lease)
		return err
	})
}

// Revoke implements [kv.Leaser].
func (s *Store) Revoke(ctx context.Context, id kv.LeaseID) error {
	lease, err := parseLease(id)
	if err == nil {
		err = s.call(ctx, "revoke", string(id), func(ctx context.Context) error {
			_, err := s.client.Revoke(ctx, lease)
			return err
		})
	}
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	return err
}

// parseLease returns etcd's number of a lease, 0 for none. An id that this
// package never gave out is a lease that does not exist.
func parseLease(id kv.LeaseID) (clientv3.LeaseID, error) {
	if id == "" {
		return clientv3.NoLease, nil
	}
	number, err := strconv.ParseInt(string(id), 16, 64)
	if err != nil || number == 0 {
		return 0, &kv.Error{Code: kv.NotFound, Op: "use lease", Key: string(id)}
	}
	return clientv3.LeaseID(number), nil
}
