// SPDX-License-Identifier: Apache-2.0

package kv

import (
	"context"
	"time"
)

// LeaseID names a lease. It is opaque and means something only to the store
// that granted it. The empty one is no lease.
type LeaseID string

// MinTTL and MaxTTL bound the time to live of a lease. A store may grant more
// than was asked for, never less.
const (
	MinTTL = time.Second
	MaxTTL = 24 * time.Hour
)

// Leaser is a [Store] whose entries can depend on a holder that stays alive.
type Leaser interface {
	// Grant makes a lease that ends when it is not renewed within ttl. A ttl
	// outside of [MinTTL] to [MaxTTL] is [ErrInvalid].
	Grant(ctx context.Context, ttl time.Duration) (LeaseID, error)

	// Renew gives the lease its full time again, counted from some moment
	// between call and return. The error is [ErrNotFound] when it has ended.
	Renew(ctx context.Context, id LeaseID) error

	// Revoke ends the lease now and deletes its entries, in one change. A
	// lease that has ended already is no error.
	Revoke(ctx context.Context, id LeaseID) error
}

// CheckTTL returns [ErrInvalid] when ttl is not one that can be granted.
func CheckTTL(ttl time.Duration) error {
	if ttl < MinTTL || ttl > MaxTTL {
		return &Error{Code: Invalid, Op: "grant", Key: ttl.String()}
	}
	return nil
}
