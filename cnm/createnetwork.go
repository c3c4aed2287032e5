// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"maps"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// CreateNetwork makes a network that claims the pool requested for it: the one
// unclaimed pool of the same subnet and gateway. Creating the same network
// again succeeds; the error has code Exists when it differs, and NotFound when
// there is no such pool.
func (c *Controller) CreateNetwork(ctx context.Context, req NetworkRequest) error {
	if err := c.createNetwork(ctx, req); err != nil {
		return fail("create network", req.ID, err)
	}
	c.changed()
	return nil
}

func (c *Controller) createNetwork(ctx context.Context, req NetworkRequest) error {
	if err := checkID("network", req.ID); err != nil {
		return err
	}
	driver, err := c.driver(req.Driver)
	if err != nil {
		return err
	}
	unlock, err := c.locks.exclusive(ctx, networkLock(req.ID))
	if err != nil {
		return err
	}
	defer unlock()
	if done, err := c.createdBefore(ctx, req); done || err != nil {
		return err
	}
	n, err := c.claim(ctx, c.newNetwork(req), req)
	if err != nil {
		return err
	}
	return c.confirmNetwork(ctx, driver, n)
}

// createdBefore says whether the network is there already, and finishes the
// removal of one that is half there.
func (c *Controller) createdBefore(ctx context.Context, req NetworkRequest) (bool, error) {
	n, ok := c.ledger.network(req.ID)
	switch {
	case !ok:
		return false, nil
	case n.Removing != nil:
		return false, c.finishNetwork(ctx, n)
	case n.Driver == req.Driver && n.Subnet == req.Subnet && n.Internal == req.Internal && maps.Equal(n.Options, req.Options):
		return true, nil
	}
	return false, &linkspan.Error{Code: linkspan.Exists, Message: "it exists with other options"}
}

// newNetwork returns the record, marked for removal until it is confirmed.
func (c *Controller) newNetwork(req NetworkRequest) Network {
	now := c.now()
	return Network{
		ID: req.ID, Driver: req.Driver, Subnet: req.Subnet, Gateway: req.Gateway,
		Options: req.Options, Internal: req.Internal, AuxAddresses: req.AuxAddresses,
		Created: now, Removing: newIntent(now),
	}
}

// claim finds the network's pool and stores both, the network marked.
func (c *Controller) claim(ctx context.Context, n Network, req NetworkRequest) (Network, error) {
	if !req.Subnet.IsValid() {
		return n, c.ledger.commit(ctx, putNetwork(n))
	}
	for _, p := range c.ledger.allPools(func(p Pool) bool { return claimable(p, req) }) {
		claimed, err := c.claimPool(ctx, n, p.ID, req)
		if err != nil || claimed.PoolID != "" {
			return claimed, err
		}
	}
	return n, &linkspan.Error{
		Code:    linkspan.NotFound,
		Message: "no pool was requested for subnet " + req.Subnet.String() + ", or it has expired",
		Hint:    "create the network again",
	}
}

// claimPool returns n unchanged when the pool was taken meanwhile.
func (c *Controller) claimPool(ctx context.Context, n Network, pool string, req NetworkRequest) (Network, error) {
	unlock, err := c.locks.exclusive(ctx, poolLock(pool))
	if err != nil {
		return n, err
	}
	defer unlock()
	p, ok := c.ledger.pool(pool)
	if !ok || !claimable(p, req) {
		return n, nil
	}
	p.ClaimedBy = n.ID
	claimed := n
	claimed.PoolID, claimed.Range = p.ID, p.Range
	if !claimed.Gateway.IsValid() {
		claimed.Gateway = p.Gateway
	}
	if err := c.ledger.commit(ctx, putNetwork(claimed), putPool(p)); err != nil {
		return n, err
	}
	return claimed, nil
}

func claimable(p Pool, req NetworkRequest) bool {
	return p.Removing == nil && p.ClaimedBy == "" && p.Subnet == req.Subnet &&
		sameGateway(p.Gateway, req.Gateway)
}

// sameGateway takes an address that one side does not know for any.
func sameGateway(a, b netip.Addr) bool { return a == b || !a.IsValid() || !b.IsValid() }

// confirmNetwork lets the driver do its part and takes the mark off, or takes
// everything away again.
func (c *Controller) confirmNetwork(ctx context.Context, driver Driver, n Network) error {
	var undo Undo
	undo.Add(func(ctx context.Context) error { return c.finishNetwork(ctx, n) })
	if err := driver.CreateNetwork(ctx, n); err != nil {
		return undo.Run(ctx, err)
	}
	confirmed := n
	confirmed.Removing = nil
	if err := c.ledger.commit(ctx, putNetwork(confirmed)); err != nil {
		return undo.Run(ctx, err)
	}
	return nil
}
