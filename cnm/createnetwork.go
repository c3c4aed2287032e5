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
	case n.Driver == req.Driver && n.Subnet == req.Subnet && n.Subnet6 == req.Subnet6 &&
		n.Internal == req.Internal && maps.Equal(n.Options, req.Options):
		return true, nil
	}
	return false, &linkspan.Error{Code: linkspan.Exists, Message: "it exists with other options"}
}

// newNetwork returns the record, marked for removal until it is confirmed.
func (c *Controller) newNetwork(req NetworkRequest) Network {
	now := c.now()
	return Network{
		ID: req.ID, Driver: req.Driver, Name: req.Name, Subnet: req.Subnet, Gateway: req.Gateway,
		Subnet6: req.Subnet6, Gateway6: req.Gateway6, Labels: req.Labels, Own: req.Own,
		Options: req.Options, Internal: req.Internal, AuxAddresses: req.AuxAddresses,
		Created: now, Removing: newIntent(now),
	}
}

// claim finds the network's pools and stores them and it, marked.
func (c *Controller) claim(ctx context.Context, n Network, req NetworkRequest) (Network, error) {
	var wishes []claimWish
	if !req.Unpooled {
		wishes = req.claims()
	}
	if len(wishes) == 0 {
		return n, c.ledger.commit(ctx, putNetwork(n))
	}
	for _, wish := range wishes {
		claimed, err := c.claimOne(ctx, n, wish)
		if err != nil {
			_, stored := c.ledger.network(n.ID)
			if !stored {
				return n, err
			}
			var undo Undo
			undo.Add(func(ctx context.Context) error { return c.finishNetwork(ctx, n) })
			return n, undo.Run(ctx, err)
		}
		n = claimed
	}
	return n, nil
}

// claimWish is what identifies the pool of one family.
type claimWish struct {
	subnet  netip.Prefix
	gateway netip.Addr
}

func (r NetworkRequest) claims() []claimWish {
	var wishes []claimWish
	for _, w := range []claimWish{{r.Subnet, r.Gateway}, {r.Subnet6, r.Gateway6}} {
		if w.subnet.IsValid() {
			wishes = append(wishes, w)
		}
	}
	return wishes
}

// claimOne claims the pool of one family.
func (c *Controller) claimOne(ctx context.Context, n Network, wish claimWish) (Network, error) {
	for _, p := range c.ledger.allPools(func(p Pool) bool { return claimable(p, wish) }) {
		claimed, done, err := c.claimPool(ctx, n, p.ID, wish)
		if err != nil || done {
			return claimed, err
		}
	}
	return n, &linkspan.Error{
		Code:    linkspan.NotFound,
		Message: "no pool was requested for subnet " + wish.subnet.String() + ", or it has expired",
		Hint:    "create the network again",
	}
}

// claimPool says whether it claimed the pool, which may be taken meanwhile.
func (c *Controller) claimPool(ctx context.Context, n Network, pool string, wish claimWish) (Network, bool, error) {
	unlock, err := c.locks.exclusive(ctx, poolLock(pool))
	if err != nil {
		return n, false, err
	}
	defer unlock()
	p, ok := c.ledger.pool(pool)
	if !ok || !claimable(p, wish) {
		return n, false, nil
	}
	p.ClaimedBy = n.ID
	claimed := n.with(p)
	if err := c.ledger.commit(ctx, putNetwork(claimed), putPool(p)); err != nil {
		return n, false, err
	}
	return claimed, true, nil
}

// with returns the network with the pool of one of its families.
func (n Network) with(p Pool) Network {
	if p.Space != "" {
		n.Space = p.Space
	}
	if p.Subnet.Addr().Is4() {
		n.PoolID, n.Range = p.ID, p.Range
		if !n.Gateway.IsValid() {
			n.Gateway = p.Gateway
		}
		return n
	}
	n.PoolID6, n.Range6 = p.ID, p.Range
	if !n.Gateway6.IsValid() {
		n.Gateway6 = p.Gateway
	}
	return n
}

func claimable(p Pool, wish claimWish) bool {
	return p.Removing == nil && p.ClaimedBy == "" && p.Subnet == wish.subnet &&
		sameGateway(p.Gateway, wish.gateway)
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
