// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// RequestPool makes a new pool. While one of the same subnet waits to be
// claimed by its network, so does this call, for up to PoolWait; then it takes
// that one's place. So at most one pool fits the network that comes next.
func (c *Controller) RequestPool(ctx context.Context, req PoolRequest) (Pool, error) {
	p, err := c.requestPool(ctx, req)
	if err != nil {
		subnet := "of any subnet"
		if req.Subnet.IsValid() {
			subnet = req.Subnet.String()
		}
		return Pool{}, fail("request pool", subnet, err)
	}
	return p, nil
}

func (c *Controller) requestPool(ctx context.Context, req PoolRequest) (Pool, error) {
	ipam, err := c.ipam(req.IPAM)
	if err != nil {
		return Pool{}, err
	}
	unlock, err := c.locks.exclusive(ctx, "subnet "+req.Subnet.String())
	if err != nil {
		return Pool{}, err
	}
	defer unlock()
	if err := c.awaitClaim(ctx, req); err != nil {
		return Pool{}, err
	}
	req.Taken = c.subnets()
	p, err := ipam.RequestPool(ctx, req)
	if err != nil {
		return Pool{}, err
	}
	return c.addPool(ctx, ipam, req, p)
}

func (c *Controller) addPool(ctx context.Context, ipam IPAM, req PoolRequest, p Pool) (Pool, error) {
	p.IPAM, p.Options, p.Created = req.IPAM, req.Options, c.now()
	var undo Undo
	undo.Add(func(ctx context.Context) error { return ipam.ReleasePool(ctx, p) })
	if err := checkID("pool", p.ID); err != nil {
		return Pool{}, undo.Run(ctx, err)
	}
	if err := c.ledger.commit(ctx, putPool(p)); err != nil {
		return Pool{}, undo.Run(ctx, err)
	}
	return p, nil
}

// awaitClaim waits until no unclaimed pool has the subnet that is asked for.
func (c *Controller) awaitClaim(ctx context.Context, req PoolRequest) error {
	if !req.Subnet.IsValid() {
		return nil
	}
	same := func(p Pool) bool {
		return p.Removing == nil && p.ClaimedBy == "" && p.Subnet == req.Subnet
	}
	patience, cancel := context.WithTimeout(ctx, PoolWait)
	defer cancel()
	err := c.bell.until(patience, func() bool { return len(c.ledger.allPools(same)) == 0 })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &linkspan.Error{
			Code: linkspan.Unavailable, Message: "another network of this subnet is just being created",
			Hint: "try again", Err: err,
		}
	}
	var errs []error
	for _, p := range c.ledger.allPools(same) {
		errs = append(errs, c.releasePool(ctx, p.ID, same))
	}
	return errors.Join(errs...)
}

// subnets returns the subnets of all pools and networks of this host.
func (c *Controller) subnets() []netip.Prefix {
	var taken []netip.Prefix
	for _, p := range c.ledger.allPools(nil) {
		if p.Subnet.Bits() > 0 { // all addresses there are: an IPAM that gives none
			taken = append(taken, p.Subnet)
		}
	}
	for _, n := range c.ledger.allNetworks(nil) {
		if n.Subnet.IsValid() && n.Subnet.Bits() > 0 {
			taken = append(taken, n.Subnet)
		}
		if n.Subnet6.IsValid() {
			taken = append(taken, n.Subnet6)
		}
	}
	return taken
}

// ReleasePool removes a pool; addresses that it still leases are released too.
// A pool that is gone already is no error; one whose IPAM fails is taken away
// later, and that is none either.
func (c *Controller) ReleasePool(ctx context.Context, id string) error {
	return fail("release pool", id, c.releasePool(ctx, id, func(Pool) bool { return true }))
}

// releasePool removes the pool if it is still one that the caller means.
func (c *Controller) releasePool(ctx context.Context, id string, meant func(Pool) bool) error {
	unlock, err := c.locks.exclusive(ctx, poolLock(id))
	if err != nil {
		return err
	}
	defer unlock()
	p, ok := c.ledger.pool(id)
	if !ok || !meant(p) {
		return nil
	}
	if err := c.markLeases(ctx, id); err != nil {
		return err
	}
	if p.Removing == nil {
		p.Removing = newRemoval(c.now())
		if err := c.ledger.commit(ctx, putPool(p)); err != nil {
			return err
		}
	}
	c.bell.ring()
	c.retryLater("pool", id, c.finishPool(ctx, p))
	return nil
}

// finishPool removes a marked pool; the caller holds its lock.
func (c *Controller) finishPool(ctx context.Context, p Pool) error {
	ipam, err := c.ipam(p.IPAM)
	if err == nil {
		err = ipam.ReleasePool(ctx, p)
	}
	if err == nil {
		return c.ledger.commit(ctx, dropPool(p.ID))
	}
	p.Removing = p.Removing.failed(c.now(), err)
	if commitErr := c.ledger.commit(ctx, putPool(p)); commitErr != nil {
		return commitErr
	}
	return err
}
