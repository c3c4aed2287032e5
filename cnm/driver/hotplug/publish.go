// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Publish publishes e.PortMaps. The error has code Invalid where there is no way in: on
// an internal network, or on a host without a gateway.
func (d *Driver) Publish(_ context.Context, n cnm.Network, e cnm.Endpoint) ([]cnm.PortMap, error) {
	switch {
	case n.Internal:
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: "an internal network publishes no ports", Hint: "leave out -p, or --internal",
		}
	case d.options.Gateway == nil:
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: "ports cannot be published on this host, which has no gateway",
			Hint: "linkspan doctor says why; leave out -p and reach the container by its address",
		}
	}
	return d.options.Gateway.Publish(e)
}

// Unpublish takes back what Publish did.
func (d *Driver) Unpublish(_ context.Context, _ cnm.Network, e cnm.Endpoint) error {
	if d.options.Gateway == nil {
		return nil
	}
	return d.options.Gateway.Unpublish(e)
}

// joined tells the gateway of an endpoint that may go out.
func (d *Driver) joined(e cnm.Endpoint) error {
	if d.options.Gateway == nil {
		return nil
	}
	return d.options.Gateway.Joined(e)
}

// left ends what the endpoint has in the gateway.
func (d *Driver) left(e cnm.Endpoint) error {
	if d.options.Gateway == nil {
		return nil
	}
	return d.options.Gateway.Left(e)
}

// mend mends the gateway.
func (d *Driver) mend(ctx context.Context) error {
	if d.options.Gateway == nil {
		return nil
	}
	return d.options.Gateway.Mend(ctx)
}
