// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/option"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Light is true: an endpoint is nothing on the host until it joins.
func (*Driver) Light() bool { return true }

// CreateEndpoint chooses the MAC when none is given, and reads the limits. The
// host's interface is the other end of the container's.
func (d *Driver) CreateEndpoint(_ context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	c, err := d.read(n)
	if err == nil {
		_, e.Limits, err = option.Limited(e.Options, c.prefix, c.limits)
	}
	if err == nil && len(e.Addresses()) == 0 {
		err = invalid("an endpoint of an overlay network needs an address: other hosts find it by that")
	}
	if err == nil && c.vni == 0 {
		err = invalid("the network has no VNI: it is not known to the fabric, and has no option %s", OptionVNI)
	}
	if err != nil {
		return cnm.Endpoint{}, err
	}
	e.MAC = kernel.MAC(fmt.Sprintf("vni %d", c.vni), e)
	e.HostInterface = kernel.Name(PortPrefix, e.ID)
	if e.Limits.Any() {
		e.HostInterface = shape.Inner(e.HostInterface)
	}
	return e, nil
}

// DeleteEndpoint has nothing to undo beyond Leave.
func (*Driver) DeleteEndpoint(context.Context, cnm.Network, cnm.Endpoint) error { return nil }

// Join makes the veth, and the links of the network if this is its first
// endpoint here, and tells the fabric.
func (d *Driver) Join(ctx context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Attachment, error) {
	c, err := d.read(n)
	if err != nil {
		return cnm.Attachment{}, err
	}
	name, _, err := option.Limited(e.Options, c.prefix, c.limits)
	if err != nil {
		return cnm.Attachment{}, err
	}
	var undo cnm.Undo
	undo.Add(func(ctx context.Context) error { return d.Leave(ctx, n, e) })
	if err := d.plug(ctx, network{n, c}, e); err != nil {
		return cnm.Attachment{}, undo.Run(ctx, err)
	}
	if d.options.Fabric != nil {
		if err := d.options.Fabric.Attach(ctx, c.vni, e); err != nil {
			return cnm.Attachment{}, undo.Run(ctx, err)
		}
	}
	return cnm.Attachment{SrcName: kernel.Name(peerPrefix, e.ID), DstPrefix: name}, nil
}

// Describe tells the fabric the names and labels of the endpoint's container.
func (d *Driver) Describe(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	c, err := d.read(n)
	if err != nil || d.options.Fabric == nil {
		return err
	}
	return d.options.Fabric.Attach(ctx, c.vni, e)
}

// plug makes the veth with one end in the namespace of the overlay networks.
func (d *Driver) plug(ctx context.Context, n network, e cnm.Endpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.networks[n.ID] = n // by now the fabric has given it a number
	if err := d.guard(); err != nil {
		return err
	}
	ns, err := d.openOrMake()
	if err != nil {
		return err
	}
	defer func() { _ = ns.Close() }()
	bridge, err := d.ensure(ns, n)
	if err != nil {
		return err
	}
	if err := d.unplug(ctx, ns, e.ID); err != nil {
		return err
	}
	port, peer := kernel.Name(PortPrefix, e.ID), kernel.Name(peerPrefix, e.ID)
	veth := netns.Veth{Host: port, Peer: peer, MAC: e.MAC, MTU: d.mtu(n), Offload: netns.OffloadAll}
	if e.Limits.Any() {
		err = shape.Create(ctx, veth, e.Limits)
	} else {
		err = netns.CreateVeth(ctx, veth)
	}
	if err != nil {
		return kernel.Veth.Explain(err)
	}
	return place(ns, bridge, e)
}

// place moves a port to the others, and makes it a port of its network's bridge.
func place(ns *netns.Sandbox, bridge netlink.Link, e cnm.Endpoint) error {
	port := kernel.Name(PortPrefix, e.ID)
	if err := ns.Take(port, port); err != nil {
		return err
	}
	h := ns.Netlink()
	link, err := h.LinkByName(port)
	if err == nil {
		err = errors.Join(h.LinkSetAlias(link, kernel.Alias(e.ID)), h.LinkSetMaster(link, bridge),
			h.LinkSetLearning(link, false), h.NeighSet(behind(link, e.MAC)), h.LinkSetUp(link))
	}
	if err != nil {
		return fmt.Errorf("make %s a port of %s: %w", port, bridge.Attrs().Name, err)
	}
	return nil
}

// behind is the entry of a bridge that a MAC is behind one of its ports, for ever.
// Ports learn nothing: a container that sends in another's name would else be sent
// what is for that one.
func behind(port netlink.Link, mac linkspan.MAC) *netlink.Neigh {
	return &netlink.Neigh{
		LinkIndex: port.Attrs().Index, Family: unix.AF_BRIDGE, Flags: netlink.NTF_MASTER, State: netlink.NUD_NOARP, HardwareAddr: mac[:],
	}
}

// mtu returns what was asked for as far as it fits.
func (d *Driver) mtu(n network) int {
	if n.mtu == 0 {
		return d.fits()
	}
	return min(n.mtu, d.fits())
}

// unplug deletes the veth, which after a crash may be in the host's namespace.
// ns may be nil.
func (*Driver) unplug(ctx context.Context, ns *netns.Sandbox, endpoint string) error {
	port := kernel.Name(PortPrefix, endpoint)
	if err := errors.Join(shape.Delete(ctx, port), netns.DeleteVeth(ctx, kernel.Name(peerPrefix, endpoint))); err != nil || ns == nil {
		return err
	}
	return removeLink(ns.Netlink(), port)
}

// Leave tells the fabric and removes the veth; the end in the container goes
// with it.
func (d *Driver) Leave(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	if c, err := d.read(n); err == nil && c.vni != 0 && d.options.Fabric != nil {
		if err := d.options.Fabric.Detach(ctx, c.vni, e); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ns, err := d.open()
	if err != nil {
		return err
	}
	if ns != nil {
		defer func() { _ = ns.Close() }()
	}
	return d.unplug(ctx, ns, e.ID)
}
