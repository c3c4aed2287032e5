// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"time"

	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// sweepInterval is how often what expired is removed; tokenRest is how long a
// token that has expired is kept, so that whoever still shows it learns why it is
// refused, and a host that joined with it may repeat that.
const (
	sweepInterval = 24 * time.Hour
	tokenRest     = 30 * 24 * time.Hour
)

// Sweep removes revocations of certificates that have expired by themselves, and
// tokens that expired long ago, now and every day until ctx ends. What cannot be
// removed is tried again the next day.
func (s *Server) Sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("what expired is not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *Server) sweep(ctx context.Context) error {
	now := s.now()
	_, err := store.Revocations[trust.Revocation](s.store).Sweep(ctx, func(r trust.Revocation) bool { return r.Obsolete(now) })
	if err != nil {
		return err
	}
	_, err = store.Tokens[trust.TokenRecord](s.store).Sweep(ctx, func(r trust.TokenRecord) bool {
		return !r.Expires.IsZero() && now.After(r.Expires.Add(tokenRest))
	})
	return err
}
