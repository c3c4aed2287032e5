// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
)

// AddressWish is what somebody asks a pool for.
type AddressWish struct {
	Pool      string     // Pool.ID
	Want      netip.Addr // zero: any
	Gateway   bool       // it is the network's own address
	Container string     // name of the container, where Docker tells it
}

// RequestAddress gives an address of a pool. Before a network has claimed the
// pool, it is the gateway or an auxiliary address, known to this pool alone;
// after that it is a container's, leased until released. A request that needs
// the network's place in the fabric waits until Bind or Refuse, or ctx's end.
func (c *Controller) RequestAddress(ctx context.Context, wish AddressWish) (netip.Prefix, error) {
	p, ok := c.ledger.pool(wish.Pool)
	if !ok || p.Removing != nil {
		return netip.Prefix{}, fail("request address of pool", wish.Pool, unknownPool(wish.Pool))
	}
	var address netip.Prefix
	var err error
	if wish.Gateway || p.ClaimedBy == "" {
		address, err = c.requestOwn(ctx, wish)
	} else {
		address, err = c.requestLease(ctx, p, wish)
	}
	if err != nil {
		return netip.Prefix{}, fail("request address of", p.Subnet.String(), err)
	}
	return address, nil
}

func unknownPool(id string) error {
	err := notFound("pool", id)
	err.Hint = "remove the network and create it again"
	return err
}

// requestOwn notes a gateway or auxiliary address in the pool.
func (c *Controller) requestOwn(ctx context.Context, wish AddressWish) (netip.Prefix, error) {
	unlock, err := c.locks.exclusive(ctx, poolLock(wish.Pool))
	if err != nil {
		return netip.Prefix{}, err
	}
	defer unlock()
	p, ok := c.ledger.pool(wish.Pool)
	if !ok || p.Removing != nil {
		return netip.Prefix{}, unknownPool(wish.Pool)
	}
	ipam, err := c.ipam(p.IPAM)
	if err != nil {
		return netip.Prefix{}, err
	}
	req := AddressRequest{Pool: p, Kind: AuxiliaryAddress, Want: wish.Want}
	if wish.Gateway {
		req.Kind = GatewayAddress
	}
	address, err := ipam.RequestAddress(ctx, req)
	if err != nil {
		return netip.Prefix{}, err
	}
	if wish.Gateway {
		p.Gateway = address.Addr()
	} else if address.IsValid() && !slices.Contains(p.Reserved, address.Addr()) {
		p.Reserved = append(slices.Clone(p.Reserved), address.Addr())
	}
	return address, c.ledger.commit(ctx, putPool(p))
}

// requestLease leases a container's address.
func (c *Controller) requestLease(ctx context.Context, p Pool, wish AddressWish) (netip.Prefix, error) {
	ipam, err := c.ipam(p.IPAM)
	if err != nil {
		return netip.Prefix{}, err
	}
	lease := Lease{Pool: p.ID, IPAM: p.IPAM, Container: wish.Container, Since: c.now()}
	if binder, ok := ipam.(Binder); ok && binder.NeedsFabric() {
		n, err := c.awaitBound(ctx, p.ClaimedBy)
		if err != nil {
			return netip.Prefix{}, err
		}
		lease.Fabric = n.Fabric
	}
	if err := c.settleWanted(ctx, lease, wish.Want); err != nil {
		return netip.Prefix{}, err
	}
	unlock, err := c.locks.shared(ctx, addressesLock(lease.scope()))
	if err != nil {
		return netip.Prefix{}, err
	}
	defer unlock()
	lease.Address, err = ipam.RequestAddress(ctx, AddressRequest{
		Pool: p, Want: wish.Want, Fabric: lease.Fabric, Container: wish.Container,
	})
	if err != nil || !lease.Address.IsValid() { // an IPAM that gives none
		return netip.Prefix{}, err
	}
	return lease.Address, c.addLease(ctx, ipam, lease)
}

// settleWanted first carries out a release of the wanted address that is still
// to be repeated: a container that starts again asks for the address it had.
func (c *Controller) settleWanted(ctx context.Context, like Lease, want netip.Addr) error {
	if !want.IsValid() {
		return nil
	}
	like.Address = netip.PrefixFrom(want, want.BitLen())
	if old, ok := c.ledger.lease(like.key()); ok && old.Removing != nil {
		return c.removeLease(ctx, old.key())
	}
	return nil
}

// addLease stores the lease, unless its pool has gone meanwhile. It takes the
// place of one with the same address that is marked: that address has been
// free in between.
func (c *Controller) addLease(ctx context.Context, ipam IPAM, lease Lease) error {
	var undo Undo
	undo.Add(func(ctx context.Context) error { return ipam.ReleaseAddress(ctx, lease) })
	unlock, err := c.locks.exclusive(ctx, poolLock(lease.Pool))
	if err != nil {
		return undo.Run(ctx, err)
	}
	defer unlock()
	if p, ok := c.ledger.pool(lease.Pool); !ok || p.Removing != nil {
		return undo.Run(ctx, unknownPool(lease.Pool))
	}
	unlockLease, err := c.locks.exclusive(ctx, leaseLock(lease.key()))
	if err != nil {
		return undo.Run(ctx, err)
	}
	defer unlockLease()
	if old, ok := c.ledger.lease(lease.key()); ok && old.Removing == nil {
		return &linkspan.Error{Code: linkspan.Exists, Message: "address " + lease.Address.Addr().String() + " is in use on this host"}
	}
	if err := c.ledger.commit(ctx, putLease(lease)); err != nil {
		return undo.Run(ctx, err)
	}
	return nil
}
