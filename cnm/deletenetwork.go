// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
)

// DeleteNetwork removes a network with its pool. The error has code InUse
// while it has endpoints. A network that is gone already is no error; one
// whose driver fails is taken away later, and that is none either.
func (c *Controller) DeleteNetwork(ctx context.Context, id string) error {
	unlock, err := c.locks.exclusive(ctx, networkLock(id))
	if err != nil {
		return fail("delete network", id, err)
	}
	defer unlock()
	n, ok := c.ledger.network(id)
	if !ok {
		return nil
	}
	if in := c.endpointsOf(id); len(in) > 0 && n.Removing == nil {
		return fail("delete network", id, &linkspan.Error{
			Code:    linkspan.InUse,
			Message: fmt.Sprintf("it has %d active endpoints, one is %s", len(in), in[0].called()),
			Hint:    "disconnect its containers first",
		})
	}
	if n, err = c.markNetwork(ctx, n); err != nil {
		return fail("delete network", id, err)
	}
	c.changed()
	c.retryLater("network", id, c.finishNetwork(ctx, n))
	return nil
}

func (c *Controller) endpointsOf(network string) []Endpoint {
	return c.ledger.allEndpoints(func(e Endpoint) bool { return e.Network == network && e.Removing == nil })
}

func (c *Controller) markNetwork(ctx context.Context, n Network) (Network, error) {
	if n.Removing != nil {
		return n, nil
	}
	n.Removing = newRemoval(c.now())
	return n, c.ledger.commit(ctx, putNetwork(n))
}

// finishNetwork removes a marked network; the caller holds its lock. Addresses
// that were never released are marked, its marked endpoints removed first.
func (c *Controller) finishNetwork(ctx context.Context, n Network) error {
	err := c.emptyNetwork(ctx, n)
	if err == nil {
		err = c.dropNetwork(ctx, n)
	}
	if err == nil {
		c.setRefused(n.ID, nil)
		return nil
	}
	n.Removing = n.Removing.failed(c.now(), err)
	if commitErr := c.ledger.commit(ctx, putNetwork(n)); commitErr != nil {
		return commitErr
	}
	return err
}

func (c *Controller) emptyNetwork(ctx context.Context, n Network) error {
	for _, e := range c.ledger.allEndpoints(func(e Endpoint) bool { return e.Network == n.ID }) {
		if err := c.removeEndpoint(ctx, n, e.ID); err != nil {
			return err
		}
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return err
	}
	return driver.DeleteNetwork(ctx, n)
}

// dropNetwork drops the record and the pool. A network that was never complete
// gives its pool back, so that it can be tried again.
func (c *Controller) dropNetwork(ctx context.Context, n Network) error {
	changes := []change{dropNetwork(n.ID)}
	for _, p := range c.ledger.allPools(func(p Pool) bool { return p.ClaimedBy == n.ID && p.Removing == nil }) {
		if !n.Removing.Incomplete {
			if err := c.ReleasePool(ctx, p.ID); err != nil {
				return err
			}
			continue
		}
		unlock, err := c.locks.exclusive(ctx, poolLock(p.ID))
		if err != nil {
			return err
		}
		defer unlock()
		if p, ok := c.ledger.pool(p.ID); ok && p.Removing == nil {
			p.ClaimedBy = ""
			changes = append(changes, putPool(p))
		}
	}
	return c.ledger.commit(ctx, changes...)
}

// retryLater says in the log that a removal failed and will be repeated.
func (c *Controller) retryLater(what, id string, err error) {
	if err != nil {
		c.log.Warn("removal failed, will be repeated", "what", what, "id", id, "error", err)
	}
}
