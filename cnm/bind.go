// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"

	"github.com/linkspan/linkspan"
)

// Bind ties the network with Docker's id to a network of the fabric and wakes
// the requests that wait for it. Binding again to the same one takes over what
// changed of it. The error has code NotFound when the network is gone, and
// Conflict when it is bound to another one.
func (c *Controller) Bind(ctx context.Context, id string, to linkspan.Network) error {
	if to.ID == 0 || to.ID > linkspan.MaxNetworkID {
		return invalid("network %s has no number to bind to", to.Name)
	}
	if n, ok := c.ledger.network(id); ok && n.Removing == nil && sameBinding(n, to) {
		c.setRefused(id, nil)
		return nil
	}
	unlock, err := c.locks.exclusive(ctx, networkLock(id))
	if err != nil {
		return err
	}
	defer unlock()
	n, err := c.Network(id)
	if err != nil {
		return fail("bind network", id, err)
	}
	if n.Bound() && n.Fabric != to.ID {
		return fail("bind network", id, &linkspan.Error{
			Code: linkspan.Conflict, Message: "it is bound to network " + n.Fabric.String() + " already",
		})
	}
	if !sameBinding(n, to) {
		n.Fabric, n.Name, n.MTU, n.Transport, n.Limits = to.ID, to.Name, to.MTU, to.Transport, to.Limits
		if !n.Gateway.IsValid() { // a daemon that asked for none
			n.Gateway = to.Gateway
		}
		if n.Subnet6.IsValid() && !n.Gateway6.IsValid() {
			n.Gateway6 = to.Gateway6
		}
		if err := c.ledger.commit(ctx, putNetwork(n)); err != nil {
			return fail("bind network", id, err)
		}
	}
	c.setRefused(id, nil)
	return nil
}

func sameBinding(n Network, to linkspan.Network) bool {
	return n.Fabric == to.ID && n.Name == to.Name && n.MTU == to.MTU && n.Transport == to.Transport && n.Limits == to.Limits
}

// Refuse says that the network with Docker's id will not be bound, and why;
// requests that wait for it end with that reason. A later Bind revokes it.
func (c *Controller) Refuse(_ context.Context, id string, reason error) {
	c.setRefused(id, reason)
}

func (c *Controller) setRefused(id string, reason error) {
	c.mu.Lock()
	if reason == nil {
		delete(c.refused, id)
	} else {
		c.refused[id] = reason
	}
	c.mu.Unlock()
	c.bell.ring()
}

func (c *Controller) refusal(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[id]
}

// awaitBound waits until the network is bound, refused or gone.
func (c *Controller) awaitBound(ctx context.Context, id string) (Network, error) {
	var n Network
	var found error
	err := c.bell.until(ctx, func() bool {
		if n, found = c.Network(id); found == nil {
			found = c.refusal(id)
		}
		return found != nil || n.Bound()
	})
	if err != nil {
		return Network{}, notBound(id, err)
	}
	return n, found
}

func notBound(id string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &linkspan.Error{
		Code:    linkspan.Unavailable,
		Message: "network " + short(id) + " is not known to the controller yet",
		Hint:    "is the controller away? see: linkspan doctor",
		Err:     err,
	}
}
