// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// The external ids of an endpoint's Interface row in OVSDB.
const (
	idEndpoint  = "linkspan-endpoint"
	idNetwork   = "linkspan-network"
	idContainer = "linkspan-container"
)

// Join makes the veth and the port, and tells the fabric of the endpoint
// meanwhile: flows may be there before their port is, and nobody else has its
// number. What one of the two cannot do ends the other.
func (d *Driver) Join(ctx context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Attachment, error) {
	name, err := prefix(n, e)
	if err != nil {
		return cnm.Attachment{}, err
	}
	var undo cnm.Undo
	undo.Add(func(ctx context.Context) error { return d.Leave(ctx, n, e) })
	host, peer := netns.Names(e.ID)
	both, while := errgroup.WithContext(ctx)
	both.Go(func() error { return d.plug(while, n, e, host, peer) })
	both.Go(func() error { return d.options.Fabric.Attach(while, attached(n, e)) })
	if err := both.Wait(); err != nil {
		return cnm.Attachment{}, undo.Run(ctx, err)
	}
	attachment := cnm.Attachment{SrcName: peer, DstPrefix: name}
	if !n.Internal {
		if err := d.joined(e); err != nil {
			return cnm.Attachment{}, undo.Run(ctx, err)
		}
		attachment.Gateway, attachment.Gateway6 = n.Gateway, n.Gateway6
	}
	return attachment, nil
}

// plug makes the veth, through its limits if it has some, and the port.
func (d *Driver) plug(ctx context.Context, n cnm.Network, e cnm.Endpoint, host, peer string) error {
	if err := d.connect(ctx, d.veth(n, e, host, peer), e.Limits); err != nil {
		return err
	}
	return d.options.Ports.AddPort(ctx, port(n, e, host))
}

func (d *Driver) connect(ctx context.Context, v netns.Veth, l linkspan.Limits) error {
	if l.Any() {
		return d.options.Links.Limit(ctx, v, l)
	}
	return d.options.Links.Create(ctx, v)
}

// Leave removes published ports, port and veth, these also while Open vSwitch is away; the
// end in the container goes with it. The fabric hears of it when the address
// is released.
func (d *Driver) Leave(ctx context.Context, _ cnm.Network, e cnm.Endpoint) error {
	host, _ := netns.Names(e.ID)
	if !e.Limits.Any() {
		return errors.Join(d.left(e), d.remove(ctx, host))
	}
	return errors.Join(d.left(e), d.options.Links.Delete(ctx, shape.Inner(host)), d.remove(ctx, host))
}

// Describe tells the fabric the names and labels of the endpoint's container.
func (d *Driver) Describe(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	host, _ := netns.Names(e.ID)
	if err := d.options.Ports.AddPort(ctx, port(n, e, host)); err != nil {
		return err
	}
	return d.options.Fabric.Attach(ctx, attached(n, e))
}

func (d *Driver) veth(n cnm.Network, e cnm.Endpoint, host, peer string) netns.Veth {
	return netns.Veth{Host: host, Peer: peer, MAC: e.MAC, MTU: d.mtu(n), Offload: d.options.Offload}
}

func port(n cnm.Network, e cnm.Endpoint, host string) ovs.Port {
	ids := map[string]string{idEndpoint: e.ID, idNetwork: n.Fabric.String()}
	if e.Container != "" {
		ids[idContainer] = e.Container
	}
	return ovs.Port{Name: host, OFPort: e.Port, ExternalIDs: ids}
}

func attached(n cnm.Network, e cnm.Endpoint) linkspan.Endpoint {
	return linkspan.Endpoint{
		Network: n.Fabric, Address: e.Address.Addr(), Address6: e.Address6.Addr(), ID: e.ID, MAC: e.MAC, Port: e.Port,
		Container: e.Container, Labels: e.Labels, Aliases: e.Aliases, Created: e.Created,
		Limits: e.Limits, Published: e.PublishedPorts(), Undescribed: e.Undescribed(),
	}
}
