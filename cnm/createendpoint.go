// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"maps"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// CreateEndpoint makes an endpoint with an address that was requested for its
// network. Creating the same endpoint again returns it; the error has code
// Exists when it differs, and NotFound when network or address are not known.
func (c *Controller) CreateEndpoint(ctx context.Context, req EndpointRequest) (Endpoint, error) {
	e, err := c.createEndpoint(ctx, req)
	if err != nil {
		return Endpoint{}, fail("create endpoint", req.ID, err)
	}
	return e, nil
}

func (c *Controller) createEndpoint(ctx context.Context, req EndpointRequest) (Endpoint, error) {
	if err := checkID("endpoint", req.ID); err != nil {
		return Endpoint{}, err
	}
	n, unlock, err := c.lockEndpoint(ctx, req.Network, req.ID)
	if err != nil {
		return Endpoint{}, err
	}
	defer unlock()
	if e, done, err := c.endpointBefore(ctx, n, req); done || err != nil {
		return e, err
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return Endpoint{}, err
	}
	e := c.newEndpoint(req)
	if light, ok := driver.(Light); ok && light.Light() {
		return c.createLight(ctx, driver, n, e)
	}
	if err := c.takeLease(ctx, n, &e); err != nil {
		return Endpoint{}, err
	}
	return c.confirmEndpoint(ctx, driver, n, e)
}

// createLight stores the endpoint once, after the driver has answered.
func (c *Controller) createLight(ctx context.Context, driver Driver, n Network, e Endpoint) (Endpoint, error) {
	var undo Undo
	undo.Add(func(ctx context.Context) error { return driver.DeleteEndpoint(ctx, n, e) })
	made, err := driver.CreateEndpoint(ctx, n, e)
	if err == nil {
		made.Removing = nil
		err = c.takeLease(ctx, n, &made)
	}
	if err != nil {
		return Endpoint{}, undo.Run(ctx, err)
	}
	return made, nil
}

// lockEndpoint locks the endpoint, and its network against removal.
func (c *Controller) lockEndpoint(ctx context.Context, network, endpoint string) (Network, func(), error) {
	unlockNetwork, err := c.locks.shared(ctx, networkLock(network))
	if err != nil {
		return Network{}, nil, err
	}
	n, err := c.Network(network)
	if err != nil {
		unlockNetwork()
		return Network{}, nil, err
	}
	unlockEndpoint, err := c.locks.exclusive(ctx, endpointLock(endpoint))
	if err != nil {
		unlockNetwork()
		return Network{}, nil, err
	}
	return n, func() { unlockEndpoint(); unlockNetwork() }, nil
}

// endpointBefore says whether the endpoint is there already, and finishes the
// removal of one that is half there.
func (c *Controller) endpointBefore(ctx context.Context, n Network, req EndpointRequest) (Endpoint, bool, error) {
	e, ok := c.ledger.endpoint(req.ID)
	switch {
	case !ok:
		return e, false, nil
	case e.Removing != nil:
		return e, false, c.finishEndpoint(ctx, n, e)
	case e.Network == req.Network && e.Address == req.Address && e.Address6 == req.Address6 && maps.Equal(e.Options, req.Options) &&
		(req.MAC == linkspan.MAC{} || req.MAC == e.MAC):
		return e, true, nil
	}
	return e, false, &linkspan.Error{Code: linkspan.Exists, Message: "it exists with other properties"}
}

// newEndpoint returns the record, marked for removal until it is confirmed.
func (c *Controller) newEndpoint(req EndpointRequest) Endpoint {
	now := c.now()
	return Endpoint{
		ID: req.ID, Network: req.Network, Name: req.Name, Address: req.Address, Address6: req.Address6,
		MAC: req.MAC, Options: req.Options, Own: req.Own, Priority: req.Priority,
		State: Created, Created: now,
		Removing: newIntent(now),
	}
}

// takeLease stores the marked endpoint together with its hold on its
// addresses. It refuses one that was not requested for this very network.
func (c *Controller) takeLease(ctx context.Context, n Network, e *Endpoint) error {
	changes := []change{}
	for _, address := range e.Addresses() {
		if n.PoolOf(address.Addr()) == "" {
			continue
		}
		lease, unlock, err := c.lockLease(ctx, n, address.Addr())
		if err != nil {
			return err
		}
		defer unlock()
		if lease.Endpoint != "" && lease.Endpoint != e.ID {
			return addressUnknown(address.Addr())
		}
		e.Container = lease.Container
		lease.Endpoint, lease.Left, lease.Since = e.ID, false, c.now()
		changes = append(changes, putLease(lease))
	}
	return c.ledger.commit(ctx, append(changes, putEndpoint(*e))...)
}

// lockLease returns the lease in use of an address of the network.
func (c *Controller) lockLease(ctx context.Context, n Network, address netip.Addr) (Lease, func(), error) {
	lease, err := c.leaseOf(n, address)
	if err != nil {
		return Lease{}, nil, err
	}
	unlock, err := c.locks.exclusive(ctx, leaseLock(lease.key()))
	if err != nil {
		return Lease{}, nil, err
	}
	lease, ok := c.ledger.lease(lease.key())
	if !ok || lease.Removing != nil {
		unlock()
		return Lease{}, nil, addressUnknown(address)
	}
	return lease, unlock, nil
}

func (c *Controller) leaseOf(n Network, address netip.Addr) (Lease, error) {
	pool := n.PoolOf(address)
	leases := c.ledger.allLeases(func(ls Lease) bool {
		return ls.Pool == pool && ls.Address.Addr() == address && ls.Removing == nil
	})
	if len(leases) == 0 {
		return Lease{}, addressUnknown(address)
	}
	return leases[0], nil
}

func addressUnknown(address netip.Addr) error {
	return &linkspan.Error{
		Code:    linkspan.NotFound,
		Message: "address " + address.String() + " was not requested for this network",
		Hint:    "try again; if it stays so, remove the network and create it again",
	}
}

// confirmEndpoint lets the driver do its part and takes the mark off, or takes
// everything away again.
func (c *Controller) confirmEndpoint(ctx context.Context, driver Driver, n Network, e Endpoint) (Endpoint, error) {
	var undo Undo
	undo.Add(func(ctx context.Context) error { return c.finishEndpoint(ctx, n, e) })
	made, err := driver.CreateEndpoint(ctx, n, e)
	if err != nil {
		return Endpoint{}, undo.Run(ctx, err)
	}
	made.Removing = nil
	if err := c.ledger.commit(ctx, putEndpoint(made)); err != nil {
		return Endpoint{}, undo.Run(ctx, err)
	}
	return made, nil
}
