// SPDX-License-Identifier: Apache-2.0

package cnm

import "context"

// Leave takes an endpoint out of its sandbox. It may come twice, for endpoints
// that never joined, and for ones that are gone; what the driver fails to do
// is done later, and that is no error either.
func (c *Controller) Leave(ctx context.Context, network, endpoint string) error {
	unlock, err := c.locks.exclusive(ctx, endpointLock(endpoint))
	if err != nil {
		return fail("leave endpoint", endpoint, err)
	}
	defer unlock()
	e, err := c.endpointIn(network, endpoint)
	if err != nil {
		return nil
	}
	c.retryLater("leave", endpoint, c.finishLeave(ctx, e))
	return nil
}

// finishLeave calls the driver, also for an endpoint that is not joined as far
// as the record goes: a crash during Join leaves things behind. The caller
// holds the endpoint's lock.
func (c *Controller) finishLeave(ctx context.Context, e Endpoint) error {
	left := e
	left.State, left.SandboxKey, left.Interface = Created, "", ""
	left.Attachment, left.Leaving, left.PortMaps, left.Published = nil, nil, nil, nil
	err := c.driverLeave(ctx, e)
	if err != nil {
		left = e
		left.Leaving = e.Leaving.failed(c.now(), err)
	}
	c.setLeft(e.ID, err == nil)
	if commitErr := c.ledger.commit(ctx, putEndpoint(left)); commitErr != nil {
		return commitErr
	}
	if err == nil {
		err = c.elect(ctx, e.SandboxKey)
	}
	return err
}

// hasLeft says whether the driver took the endpoint out of its sandbox and it
// has not joined one since. It is not stored: what a crash left behind is taken
// away again. The caller holds the endpoint's lock.
func (c *Controller) hasLeft(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left[id]
}

func (c *Controller) setLeft(id string, left bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if left {
		c.left[id] = true
	} else {
		delete(c.left, id)
	}
}

func (c *Controller) driverLeave(ctx context.Context, e Endpoint) error {
	n, ok := c.ledger.network(e.Network)
	if !ok {
		return notFound("network", e.Network)
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return err
	}
	if publisher, ok := driver.(Publisher); ok {
		if err := publisher.Unpublish(ctx, n, e); err != nil {
			return err
		}
	}
	if err := c.unsettle(ctx, e); err != nil {
		return err
	}
	return driver.Leave(ctx, n, e)
}
