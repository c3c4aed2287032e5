// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// NewNetwork makes a network with all that it needs: pools, gateways,
// auxiliary addresses. Codes: Exists when the name is in use, Invalid for
// options that driver or IPAM refuse, NotFound for a driver that is not there.
func (c *Controller) NewNetwork(ctx context.Context, spec NetworkSpec) (Network, error) {
	n, err := c.newNetworkOf(ctx, spec)
	if err != nil {
		return Network{}, fail("create network", spec.Name, err)
	}
	return n, nil
}

func (c *Controller) newNetworkOf(ctx context.Context, spec NetworkSpec) (Network, error) {
	if err := linkspan.ValidateName("network", spec.Name); err != nil {
		return Network{}, err
	}
	if spec.ID == "" {
		spec.ID = newID()
	}
	if spec.IPAM == "" {
		spec.IPAM = DefaultIPAM
	}
	unlock, err := c.locks.exclusive(ctx, nameLock("network", spec.Name))
	if err != nil {
		return Network{}, err
	}
	defer unlock()
	if _, err := c.NetworkByName(spec.Name); err == nil {
		return Network{}, &linkspan.Error{Code: linkspan.Exists, Message: "network with name " + spec.Name + " already exists"}
	}
	var undo Undo
	req, err := c.pooled(ctx, spec, &undo)
	if err == nil {
		err = c.CreateNetwork(ctx, req)
	}
	if err != nil {
		return Network{}, undo.Run(ctx, err)
	}
	return c.Network(spec.ID)
}

// pooled requests the network's pools.
func (c *Controller) pooled(ctx context.Context, spec NetworkSpec, undo *Undo) (NetworkRequest, error) {
	req := NetworkRequest{
		ID: spec.ID, Driver: spec.Driver, Name: spec.Name, AuxAddresses: spec.AuxAddresses,
		Options: spec.Options, Labels: spec.Labels, Internal: spec.Internal, Own: true,
	}
	driver, err := c.driver(spec.Driver)
	if err != nil {
		return req, err
	}
	if bare, ok := driver.(Bare); ok && bare.Bare() {
		return req, spec.checkBare()
	}
	v4, v6, err := spec.subnets()
	if err != nil {
		return req, err
	}
	if v4 != nil {
		if req.Subnet, req.Gateway, err = c.newPool(ctx, spec, *v4, false, undo); err != nil {
			return req, err
		}
	}
	if v6 != nil {
		if req.Subnet6, req.Gateway6, err = c.newPool(ctx, spec, *v6, true, undo); err != nil {
			return req, err
		}
	}
	for name, a := range spec.AuxAddresses {
		if !req.Subnet.Contains(a) && !req.Subnet6.Contains(a) {
			return req, invalid("auxiliary address %s=%s is in no subnet of the network", name, a)
		}
	}
	return req, nil
}

// checkBare refuses addresses for a driver that has none.
func (s NetworkSpec) checkBare() error {
	if len(s.Subnets) > 0 || len(s.AuxAddresses) > 0 || s.IPv6 {
		return invalid("a network of driver %s has no addresses", s.Driver)
	}
	return nil
}

// newPool requests a pool with the gateway and the auxiliary addresses in it.
func (c *Controller) newPool(ctx context.Context, spec NetworkSpec, sub SubnetSpec, v6 bool, undo *Undo) (netip.Prefix, netip.Addr, error) {
	p, err := c.RequestPool(ctx, PoolRequest{
		IPAM: spec.IPAM, Subnet: sub.Subnet.Masked(), Range: sub.Range, Options: spec.IPAMOptions, IPv6: v6,
	})
	if err != nil {
		return netip.Prefix{}, netip.Addr{}, err
	}
	undo.Add(func(ctx context.Context) error { return c.releaseUnclaimed(ctx, p.ID) })
	gateway := p.Gateway
	if !gateway.IsValid() || sub.Gateway.IsValid() {
		g, err := c.RequestAddress(ctx, AddressWish{Pool: p.ID, Want: sub.Gateway, Gateway: true})
		if err != nil {
			return netip.Prefix{}, netip.Addr{}, err
		}
		gateway = g.Addr()
	}
	for _, a := range spec.AuxAddresses {
		if !p.Subnet.Contains(a) {
			continue
		}
		if _, err := c.RequestAddress(ctx, AddressWish{Pool: p.ID, Want: a}); err != nil {
			return netip.Prefix{}, netip.Addr{}, err
		}
	}
	return p.Subnet, gateway, nil
}

// releaseUnclaimed releases a pool that no network has come to use.
func (c *Controller) releaseUnclaimed(ctx context.Context, id string) error {
	return c.releasePool(ctx, id, func(p Pool) bool { return p.ClaimedBy == "" })
}
