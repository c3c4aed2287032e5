// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// The limits of maintenance.
const (
	maintainPause = time.Second      // between two passes
	attemptLimit  = 10 * time.Second // of one removal
	attemptsAbove = 8                // removals at the same time
)

// Run first takes away what an earlier process left on the host that no record
// is of. Then it repeats removals that failed and takes away pools that nobody claims,
// until ctx ends, whose error it returns.
func (c *Controller) Run(ctx context.Context) error {
	c.sweep(ctx)
	tick := time.NewTicker(maintainPause)
	defer tick.Stop()
	for {
		c.Maintain(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Maintain does one pass of Run: whatever is due by the clock, once.
func (c *Controller) Maintain(ctx context.Context) {
	now := c.now()
	var group errgroup.Group
	group.SetLimit(attemptsAbove)
	for _, attempt := range c.dueAttempts(now) {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, attemptLimit)
			defer cancel()
			if err := attempt.do(ctx); err != nil && ctx.Err() == nil {
				c.retryLater(attempt.what, attempt.id, err)
			}
			return nil
		})
	}
	_ = group.Wait() // no attempt returns an error
}

// attempt is one removal to be repeated.
type attempt struct {
	what, id string
	do       func(context.Context) error
}

func (c *Controller) dueAttempts(now time.Time) []attempt {
	var due []attempt
	for _, e := range c.ledger.allEndpoints(func(e Endpoint) bool { return e.Removing.due(now) || e.Leaving.due(now) }) {
		due = append(due, attempt{"endpoint", e.ID, func(ctx context.Context) error { return c.retryEndpoint(ctx, e) }})
	}
	for _, n := range c.ledger.allNetworks(func(n Network) bool { return n.Removing.due(now) }) {
		due = append(due, attempt{"network", n.ID, func(ctx context.Context) error { return c.retryNetwork(ctx, n.ID) }})
	}
	for _, p := range c.ledger.allPools(func(p Pool) bool { return p.Removing.due(now) || expired(p, now) }) {
		meant := func(p Pool) bool { return p.Removing.due(now) || expired(p, now) }
		due = append(due, attempt{"pool", p.ID, func(ctx context.Context) error { return c.releasePool(ctx, p.ID, meant) }})
	}
	for _, ls := range c.ledger.allLeases(func(ls Lease) bool { return ls.Removing.due(now) }) {
		due = append(due, attempt{"address", ls.key(), func(ctx context.Context) error { return c.retryLease(ctx, ls) }})
	}
	for _, s := range c.ledger.allSandboxes(func(s Sandbox) bool { return s.Removing.due(now) }) {
		due = append(due, attempt{"sandbox", s.ID, func(ctx context.Context) error { return c.retrySandbox(ctx, s.ID) }})
	}
	return due
}

// sweep does what is done once, at the start.
func (c *Controller) sweep(ctx context.Context) {
	var swept Swept
	err := errors.Join(c.sweepSandboxes(ctx), c.sweepInterfaces(ctx, &swept))
	if err != nil && ctx.Err() == nil {
		c.log.Warn("leftovers were not all removed", "error", err)
	}
	if swept.Interfaces > 0 {
		c.log.Info("leftovers removed", "interfaces", swept.Interfaces)
	}
}

// expired says whether the pool was never claimed, and for too long.
func expired(p Pool, now time.Time) bool {
	return p.ClaimedBy == "" && p.Removing == nil && now.Sub(p.Created) >= PoolLife
}

func (c *Controller) retryEndpoint(ctx context.Context, e Endpoint) error {
	unlock, err := c.locks.shared(ctx, networkLock(e.Network))
	if err != nil {
		return err
	}
	defer unlock()
	n, ok := c.ledger.network(e.Network)
	if !ok {
		c.setLeft(e.ID, false)
		return c.ledger.commit(ctx, dropEndpoint(e.ID))
	}
	if e.Removing != nil {
		return c.removeEndpoint(ctx, n, e.ID)
	}
	unlockEndpoint, err := c.locks.exclusive(ctx, endpointLock(e.ID))
	if err != nil {
		return err
	}
	defer unlockEndpoint()
	if e, ok := c.ledger.endpoint(e.ID); ok && e.Leaving != nil {
		return c.finishLeave(ctx, e)
	}
	return nil
}

func (c *Controller) retryNetwork(ctx context.Context, id string) error {
	unlock, err := c.locks.exclusive(ctx, networkLock(id))
	if err != nil {
		return err
	}
	defer unlock()
	if n, ok := c.ledger.network(id); ok && n.Removing != nil {
		return c.finishNetwork(ctx, n)
	}
	return nil
}

// retryLease leaves a lease for later when addresses of its space are just
// being requested; see removeLease.
func (c *Controller) retryLease(ctx context.Context, lease Lease) error {
	unlock, ok := c.locks.try(addressesLock(lease.scope()))
	if !ok {
		return nil
	}
	defer unlock()
	return c.finishLease(ctx, lease.key())
}
