// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"slices"

	"github.com/linkspan/linkspan"
)

// Publish publishes ports of an endpoint that has become the one its sandbox
// reaches the world through. Where the driver cannot, any port is refused with
// code Invalid: a port that is asked for is not silently left closed.
func (c *Controller) Publish(ctx context.Context, network, endpoint string, ports []PortMap) error {
	n, unlock, err := c.lockEndpoint(ctx, network, endpoint)
	if err != nil {
		return fail("publish ports of endpoint", endpoint, err)
	}
	defer unlock()
	return fail("publish ports of endpoint", endpoint, c.publish(ctx, n, endpoint, ports))
}

func (c *Controller) publish(ctx context.Context, n Network, endpoint string, ports []PortMap) error {
	e, err := c.endpointIn(n.ID, endpoint)
	if err != nil || len(ports) == 0 {
		return err
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return err
	}
	publisher, ok := driver.(Publisher)
	if !ok {
		return &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: "ports cannot be published on a network of this driver",
			Hint:    "leave out -p and reach the container by its address, or give it a bridge network as gateway",
		}
	}
	e.PortMaps = slices.Clone(ports)
	if e.Published, err = publisher.Publish(ctx, n, e); err != nil {
		return err
	}
	return c.ledger.commit(ctx, putEndpoint(e))
}

// Unpublish takes back what Publish did; it may come twice, or for an endpoint
// that is gone.
func (c *Controller) Unpublish(ctx context.Context, network, endpoint string) error {
	n, unlock, err := c.lockEndpoint(ctx, network, endpoint)
	if err != nil {
		return nil
	}
	defer unlock()
	e, err := c.endpointIn(network, endpoint)
	if err != nil {
		return nil
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return fail("unpublish ports of endpoint", endpoint, err)
	}
	publisher, ok := driver.(Publisher)
	if !ok {
		return nil
	}
	if err := publisher.Unpublish(ctx, n, e); err != nil || e.Published == nil {
		return fail("unpublish ports of endpoint", endpoint, err)
	}
	e.Published = nil
	return fail("unpublish ports of endpoint", endpoint, c.ledger.commit(ctx, putEndpoint(e)))
}
