// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"maps"
)

// Describe notes the name and labels of the container behind an endpoint,
// which Docker tells no driver, and passes them on when it is joined. Saying
// the same again changes nothing. The error has code NotFound when the
// endpoint is gone.
func (c *Controller) Describe(ctx context.Context, endpoint, container string, labels map[string]string) error {
	e, err := c.Endpoint(endpoint)
	if err != nil {
		return fail("describe endpoint", endpoint, err)
	}
	n, unlock, err := c.lockEndpoint(ctx, e.Network, endpoint)
	if err != nil {
		return fail("describe endpoint", endpoint, err)
	}
	defer unlock()
	return fail("describe endpoint", endpoint, c.describe(ctx, n, endpoint, container, labels))
}

func (c *Controller) describe(ctx context.Context, n Network, endpoint, container string, labels map[string]string) error {
	e, err := c.Endpoint(endpoint)
	if err != nil || e.Container == container && maps.Equal(e.Labels, labels) {
		return err
	}
	e.Container, e.Labels = container, maps.Clone(labels)
	driver, err := c.driver(n.Driver)
	if err != nil {
		return err
	}
	if describer, ok := driver.(Describer); ok && e.State == Joined {
		if err := describer.Describe(ctx, n, e); err != nil {
			return err
		}
	}
	return c.ledger.commit(ctx, putEndpoint(e))
}
