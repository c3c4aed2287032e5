// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"maps"
	"slices"
)

// Description is what Docker tells no driver about the container behind an
// endpoint.
type Description struct {
	Container string // name
	Labels    map[string]string
	Aliases   []string // other names in the endpoint's network, sorted
}

// Describes says whether e has that description.
func (d Description) Describes(e Endpoint) bool {
	return e.Container == d.Container && maps.Equal(e.Labels, d.Labels) && slices.Equal(e.Aliases, d.Aliases)
}

// Describe notes the description of an endpoint, which Docker therefore has in
// a container, and passes it on when the endpoint is joined. Saying the same again changes nothing. The error has code
// NotFound when the endpoint is gone.
func (c *Controller) Describe(ctx context.Context, endpoint string, is Description) error {
	e, err := c.Endpoint(endpoint)
	if err != nil {
		return fail("describe endpoint", endpoint, err)
	}
	n, unlock, err := c.lockEndpoint(ctx, e.Network, endpoint)
	if err != nil {
		return fail("describe endpoint", endpoint, err)
	}
	defer unlock()
	return fail("describe endpoint", endpoint, c.describe(ctx, n, endpoint, is))
}

func (c *Controller) describe(ctx context.Context, n Network, endpoint string, is Description) error {
	e, err := c.Endpoint(endpoint)
	if err != nil || e.Seen && is.Describes(e) {
		return err
	}
	e.Seen, e.Container, e.Labels, e.Aliases = true, is.Container, maps.Clone(is.Labels), slices.Clone(is.Aliases)
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
