// SPDX-License-Identifier: Apache-2.0

package cnm

import "context"

// DeleteEndpoint removes an endpoint, and takes it out of its sandbox first if
// that has not been done. An endpoint that is gone already is no error; what
// the driver fails to do is done later, and that is none either.
func (c *Controller) DeleteEndpoint(ctx context.Context, network, endpoint string) error {
	unlock, err := c.locks.shared(ctx, networkLock(network))
	if err != nil {
		return fail("delete endpoint", endpoint, err)
	}
	defer unlock()
	e, ok := c.ledger.endpoint(endpoint)
	n, found := c.ledger.network(network)
	if !ok || !found || e.Network != network {
		return nil
	}
	if err := c.markEndpoint(ctx, endpoint); err != nil {
		return fail("delete endpoint", endpoint, err)
	}
	c.retryLater("endpoint", endpoint, c.removeEndpoint(ctx, n, endpoint))
	return nil
}

func (c *Controller) markEndpoint(ctx context.Context, id string) error {
	unlock, err := c.locks.exclusive(ctx, endpointLock(id))
	if err != nil {
		return err
	}
	defer unlock()
	e, ok := c.ledger.endpoint(id)
	if !ok || e.Removing != nil {
		return nil
	}
	e.Removing = newRemoval(c.now())
	return c.ledger.commit(ctx, putEndpoint(e))
}

// removeEndpoint removes a marked endpoint; the caller holds a lock of its
// network.
func (c *Controller) removeEndpoint(ctx context.Context, n Network, id string) error {
	unlock, err := c.locks.exclusive(ctx, endpointLock(id))
	if err != nil {
		return err
	}
	defer unlock()
	e, ok := c.ledger.endpoint(id)
	if !ok || e.Removing == nil {
		return nil
	}
	return c.finishEndpoint(ctx, n, e)
}

// finishEndpoint removes a marked endpoint; the caller holds its lock. Its
// address stays leased until it is released.
func (c *Controller) finishEndpoint(ctx context.Context, n Network, e Endpoint) error {
	err := c.driverDelete(ctx, n, e)
	if err == nil {
		return c.dropEndpoint(ctx, e)
	}
	e.Removing = e.Removing.failed(c.now(), err)
	if commitErr := c.ledger.commit(ctx, putEndpoint(e)); commitErr != nil {
		return commitErr
	}
	return err
}

// driverDelete has the driver take the endpoint out of its sandbox, unless it
// has just done so, and forget it.
func (c *Controller) driverDelete(ctx context.Context, n Network, e Endpoint) error {
	if !c.hasLeft(e.ID) {
		if err := c.driverLeave(ctx, e); err != nil {
			return err
		}
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return err
	}
	return driver.DeleteEndpoint(ctx, n, e)
}

// dropEndpoint drops the record and the endpoint's hold on its addresses, and
// frees those when the endpoint is the controller's own.
func (c *Controller) dropEndpoint(ctx context.Context, e Endpoint) error {
	keys, err := c.loosen(ctx, e)
	if err != nil {
		return err
	}
	for _, key := range keys {
		c.retryLater("address", key, c.removeLease(ctx, key))
	}
	return nil
}

// loosen returns the keys of the leases that are now marked for removal.
func (c *Controller) loosen(ctx context.Context, e Endpoint) ([]string, error) {
	changes := []change{dropEndpoint(e.ID)}
	var marked []string
	for _, lease := range c.ledger.allLeases(func(ls Lease) bool { return ls.Endpoint == e.ID }) {
		unlock, err := c.locks.exclusive(ctx, leaseLock(lease.key()))
		if err != nil {
			return nil, err
		}
		defer unlock()
		lease, ok := c.ledger.lease(lease.key())
		if !ok || lease.Endpoint != e.ID {
			continue
		}
		lease.Endpoint, lease.Left, lease.Since = "", true, c.now()
		if e.Own && lease.Removing == nil {
			lease.Removing = newRemoval(c.now())
			marked = append(marked, lease.key())
		}
		changes = append(changes, putLease(lease))
	}
	c.setLeft(e.ID, false)
	return marked, c.ledger.commit(ctx, changes...)
}
