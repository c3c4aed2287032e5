// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"
	"log/slog"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Ports are the ports of the integration bridge; see [ovs.Switch].
type Ports interface {
	// AddPort adds the port or brings it to what is asked for. After an
	// error it may still come.
	AddPort(ctx context.Context, p ovs.Port) error
	// DropPort removes a port for good, without waiting until Open vSwitch lets
	// go of its link; one that is not there is fine.
	DropPort(ctx context.Context, name string) error
	// Ports lists all ports.
	Ports(ctx context.Context) ([]ovs.PortStatus, error)
}

// Links are the links of the host; see [Kernel].
type Links interface {
	// Create makes a veth, after deleting what has one of its names.
	Create(ctx context.Context, v netns.Veth) error
	// Limit is Create with limits between the two ends; the host's end is then no
	// longer the other end of the container's, which is shape.Inner of its name.
	Limit(ctx context.Context, v netns.Veth, l linkspan.Limits) error
	// Mend brings what Limit made back to its limits, by the names of the host's
	// ends, makes those again that are gone while the container's are there, and
	// returns which were not as they should be.
	Mend(ctx context.Context, limits map[string]linkspan.Limits) ([]string, error)
	// Delete deletes a link and its other end; one that is not there is fine.
	Delete(ctx context.Context, name string) error
	// List lists the links whose names begin with prefix.
	List(ctx context.Context, prefix string) ([]netns.Link, error)
}

// Fabric is told of endpoints.
type Fabric interface {
	// Attach stores an endpoint of this chassis over the reservation of its
	// address; it may be repeated. While the controller is away it waits, as
	// long as ctx lets it.
	Attach(ctx context.Context, e linkspan.Endpoint) error
	// Endpoints returns this chassis's endpoints as the controller has them
	// stored, as far as is known here: also those that are gone and whose
	// addresses are not released yet.
	Endpoints() []linkspan.Endpoint
}

// Gateway is the way between endpoints and the host's own stack.
type Gateway interface {
	// Joined says that an endpoint is there which may go out.
	Joined(e cnm.Endpoint) error
	// Publish publishes the endpoint's PortMaps and returns where. What it
	// published for the endpoint before, and not now, goes.
	Publish(e cnm.Endpoint) ([]cnm.PortMap, error)
	// Unpublish takes it back; there need be nothing.
	Unpublish(e cnm.Endpoint) error
	// Left ends all that an endpoint has there, before its port's number is another's.
	Left(e cnm.Endpoint) error
	// Restore learns what endpoints had published in an earlier process.
	Restore(endpoints []cnm.Endpoint)
	// Mend makes again what is gone.
	Mend(ctx context.Context) error
}

// Options is what a [Driver] is made of.
type Options struct {
	Ports  Ports
	Links  Links
	Fabric Fabric
	// MTU is the largest that the tunnel carries, in bytes; 0: not known.
	MTU int
	// DirectMTU is the largest that the direct port carries, in bytes; 0: this
	// host has none.
	DirectMTU int
	// Offload is what containers' kernels leave to the datapath.
	Offload netns.Offload
	// Gateway is the way out of networks that are not internal, and in to published
	// ports; nil: there is none on this host.
	Gateway Gateway
	// Log is told what was mended; nil: nobody.
	Log *slog.Logger
}

// Driver implements [cnm.Driver].
type Driver struct {
	options Options
	numbers numbers
}

var (
	_ cnm.Driver    = (*Driver)(nil)
	_ cnm.Restorer  = (*Driver)(nil)
	_ cnm.Sweeper   = (*Driver)(nil)
	_ cnm.Describer = (*Driver)(nil)
	_ cnm.Publisher = (*Driver)(nil)
	_ Ports         = (*ovs.Switch)(nil)
)

// New returns a driver. The error has code Invalid when a part is missing.
func New(options Options) (*Driver, error) {
	if options.Ports == nil || options.Links == nil || options.Fabric == nil {
		return nil, invalid("the hotplug driver needs ports, links and a fabric")
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Driver{options: options}, nil
}

// Restore learns the port numbers in use, and the ports that are published.
func (d *Driver) Restore(_ []cnm.Network, endpoints []cnm.Endpoint) error {
	if d.options.Gateway != nil {
		d.options.Gateway.Restore(endpoints)
	}
	for _, e := range endpoints {
		if e.Port != 0 {
			d.numbers.take(e.Port, e.ID)
		}
	}
	return nil
}

// CreateNetwork checks the network's options; there is nothing to prepare.
func (d *Driver) CreateNetwork(_ context.Context, n cnm.Network) error {
	return d.Check(n)
}

// DeleteNetwork has nothing to undo.
func (*Driver) DeleteNetwork(context.Context, cnm.Network) error { return nil }
