// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"net/netip"
)

// ReleaseAddress frees an address of a pool. One that is free already, and a
// pool that is gone, are no error; what the IPAM fails to free is freed later,
// and that is none either.
func (c *Controller) ReleaseAddress(ctx context.Context, pool string, address netip.Addr) error {
	for _, lease := range c.ledger.allLeases(func(ls Lease) bool {
		return ls.Pool == pool && ls.Address.Addr() == address
	}) {
		if err := c.markLease(ctx, lease.key(), pool); err != nil {
			return fail("release address", address.String(), err)
		}
		c.retryLater("address", lease.key(), c.removeLease(ctx, lease.key()))
	}
	return nil
}

// markLeases marks all leases of a pool.
func (c *Controller) markLeases(ctx context.Context, pool string) error {
	for _, lease := range c.ledger.allLeases(func(ls Lease) bool { return ls.Pool == pool }) {
		if err := c.markLease(ctx, lease.key(), pool); err != nil {
			return err
		}
	}
	return nil
}

// markLease marks the lease if it is still one of the pool.
func (c *Controller) markLease(ctx context.Context, key, pool string) error {
	unlock, err := c.locks.exclusive(ctx, leaseLock(key))
	if err != nil {
		return err
	}
	defer unlock()
	lease, ok := c.ledger.lease(key)
	if !ok || lease.Pool != pool || lease.Removing != nil {
		return nil
	}
	lease.Removing = newRemoval(c.now())
	return c.ledger.commit(ctx, putLease(lease))
}

// removeLease frees the address of a marked lease and drops it. While it does,
// no address of the same space is requested: a release that is repeated must
// not free what was just given to somebody else.
func (c *Controller) removeLease(ctx context.Context, key string) error {
	lease, ok := c.ledger.lease(key)
	if !ok || lease.Removing == nil {
		return nil
	}
	lock := c.locks.exclusive
	if lease.Removing.Attempts == 0 {
		lock = c.locks.shared // nobody can have been given it yet
	}
	unlock, err := lock(ctx, addressesLock(lease.scope()))
	if err != nil {
		return err
	}
	defer unlock()
	return c.finishLease(ctx, key)
}

func (c *Controller) finishLease(ctx context.Context, key string) error {
	unlock, err := c.locks.exclusive(ctx, leaseLock(key))
	if err != nil {
		return err
	}
	defer unlock()
	lease, ok := c.ledger.lease(key)
	if !ok || lease.Removing == nil {
		return nil
	}
	ipam, err := c.ipam(lease.IPAM)
	if err == nil {
		err = ipam.ReleaseAddress(ctx, lease)
	}
	if err == nil {
		return c.ledger.commit(ctx, dropLease(key))
	}
	lease.Removing = lease.Removing.failed(c.now(), err)
	if commitErr := c.ledger.commit(ctx, putLease(lease)); commitErr != nil {
		return commitErr
	}
	return err
}
