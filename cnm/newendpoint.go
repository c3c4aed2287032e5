// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// NewEndpoint makes an endpoint with its addresses, which go with it. Codes:
// Exists when the name or an address is in use, Exhausted, NotFound.
func (c *Controller) NewEndpoint(ctx context.Context, spec EndpointSpec) (Endpoint, error) {
	if spec.ID == "" {
		spec.ID = newID()
	}
	e, err := c.newEndpointOf(ctx, spec)
	if err != nil {
		return Endpoint{}, fail("create endpoint", cmpName(spec.Name, spec.ID), err)
	}
	return e, nil
}

func (c *Controller) newEndpointOf(ctx context.Context, spec EndpointSpec) (Endpoint, error) {
	n, err := c.Network(spec.Network)
	if err != nil {
		return Endpoint{}, err
	}
	if spec.Name != "" {
		unlock, err := c.locks.exclusive(ctx, nameLock("endpoint", n.ID+"/"+spec.Name))
		if err != nil {
			return Endpoint{}, err
		}
		defer unlock()
		if err := c.checkEndpointName(n, spec.Name); err != nil {
			return Endpoint{}, err
		}
	}
	req := EndpointRequest{
		ID: spec.ID, Network: n.ID, Name: spec.Name, MAC: spec.MAC, Options: spec.Options, Own: true, Priority: spec.Priority,
	}
	var undo Undo
	if req.Address, err = c.lend(ctx, n.PoolID, spec.Address, spec.Name, &undo); err == nil {
		req.Address6, err = c.lend(ctx, n.PoolID6, spec.Address6, spec.Name, &undo)
	}
	var e Endpoint
	if err == nil {
		e, err = c.CreateEndpoint(ctx, req)
	}
	if err != nil {
		return Endpoint{}, undo.Run(ctx, err)
	}
	return e, nil
}

func (c *Controller) checkEndpointName(n Network, name string) error {
	if err := linkspan.ValidateName("endpoint", name); err != nil {
		return err
	}
	if _, err := c.EndpointByName(n.ID, name); err == nil {
		return &linkspan.Error{
			Code: linkspan.Exists, Message: "endpoint with name " + name + " already exists in network " + cmpName(n.Name, n.ID),
		}
	}
	return nil
}

// lend requests an address of a pool, or none when there is no pool.
func (c *Controller) lend(ctx context.Context, pool string, want netip.Addr, name string, undo *Undo) (netip.Prefix, error) {
	if pool == "" {
		if want.IsValid() {
			return netip.Prefix{}, invalid("address %s: the network has none of its family", want)
		}
		return netip.Prefix{}, nil
	}
	address, err := c.RequestAddress(ctx, AddressWish{Pool: pool, Want: want, Container: name})
	if err == nil && address.IsValid() {
		undo.Add(func(ctx context.Context) error { return c.ReleaseAddress(ctx, pool, address.Addr()) })
	}
	return address, err
}
