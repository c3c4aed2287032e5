// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/option"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// PortPrefix begins the names of ports of bridges, and of no other links.
const PortPrefix = "lbv-"

// peerPrefix begins the name of a container's end until it is in a sandbox.
const peerPrefix = "lbp-"

// Light is true: an endpoint is nothing on the host until it joins.
func (*Driver) Light() bool { return true }

// CreateEndpoint chooses the MAC when none is given, and a number, and reads the limits. The
// host's interface is the other end of the container's.
func (d *Driver) CreateEndpoint(_ context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	_, limits, err := d.wish(n, e)
	if err != nil {
		return cnm.Endpoint{}, err
	}
	e.MAC, e.Limits, e.Port = kernel.MAC(n.ID, e), limits, d.numbers.of(e.ID)
	e.HostInterface = kernel.Name(PortPrefix, e.ID)
	if limits.Any() {
		e.HostInterface = shape.Inner(e.HostInterface)
	}
	return e, nil
}

// wish returns the name of the interface in the container, less its number, and
// the limits.
func (d *Driver) wish(n cnm.Network, e cnm.Endpoint) (string, linkspan.Limits, error) {
	c, err := read(n)
	if err != nil {
		return "", linkspan.Limits{}, err
	}
	return option.Limited(e.Options, c.prefix, c.limits)
}

// DeleteEndpoint gives the endpoint's number back; Leave has undone the rest.
func (d *Driver) DeleteEndpoint(_ context.Context, _ cnm.Network, e cnm.Endpoint) error {
	d.numbers.free(e.ID)
	return nil
}

// Join makes the veth and plugs it into the bridge.
func (d *Driver) Join(ctx context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Attachment, error) {
	name, _, err := d.wish(n, e)
	if err != nil {
		return cnm.Attachment{}, err
	}
	net, err := d.known(n)
	if err != nil {
		return cnm.Attachment{}, err
	}
	var undo cnm.Undo
	undo.Add(func(ctx context.Context) error { return d.Leave(ctx, n, e) })
	host, peer := kernel.Name(PortPrefix, e.ID), kernel.Name(peerPrefix, e.ID)
	err = connect(ctx, netns.Veth{Host: host, Peer: peer, MAC: e.MAC, MTU: net.mtu, Offload: netns.OffloadAll}, e.Limits)
	if err == nil {
		err = net.plug(host, e.ID)
	}
	if err == nil {
		err = d.admitAgain()
	}
	if err != nil {
		return cnm.Attachment{}, undo.Run(ctx, kernel.Veth.Explain(err))
	}
	return net.attachment(peer, name), nil
}

// connect makes the veth, through its limits if it has some.
func connect(ctx context.Context, v netns.Veth, l linkspan.Limits) error {
	if l.Any() {
		return shape.Create(ctx, v, l)
	}
	return netns.CreateVeth(ctx, v)
}

// admitAgain is for a Docker that started, or a firewall that was loaded, after
// the network was made.
func (d *Driver) admitAgain() error {
	d.filter.Lock()
	defer d.filter.Unlock()
	return d.admit()
}

func (n network) attachment(peer, name string) cnm.Attachment {
	a := cnm.Attachment{SrcName: peer, DstPrefix: name}
	if n.Internal {
		return a
	}
	for _, f := range n.families() {
		if f.index == 0 {
			a.Gateway = f.gateway
		} else {
			a.Gateway6 = f.gateway
		}
	}
	return a
}

// known returns the network, whose bridge is there.
func (d *Driver) known(n cnm.Network) (network, error) {
	d.mu.Lock()
	known, ok := d.networks[n.ID]
	d.mu.Unlock()
	if !ok {
		return known, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("the bridge driver has no network %.12s", n.ID)}
	}
	if link, err := kernel.Find(known.link); err != nil || link != nil {
		return known, err
	}
	return known, known.ensure() // somebody has deleted it
}

// plug makes a link a port of the bridge.
func (n network) plug(port, endpoint string) error {
	link, err := netlink.LinkByName(port)
	if err != nil {
		return fmt.Errorf("look up %s: %w", port, err)
	}
	bridge, err := netlink.LinkByName(n.link)
	if err != nil {
		return fmt.Errorf("look up bridge %s: %w", n.link, err)
	}
	if err := errors.Join(netlink.LinkSetMaster(link, bridge), kernel.Mark(link, endpoint)); err != nil {
		return fmt.Errorf("make %s a port of bridge %s: %w", port, n.link, err)
	}
	return n.separate(link)
}

// separate keeps the port from others where it shall not reach them. Where the
// kernel passes what is bridged through the filter too (br_netfilter), the
// filter does so, and translates to a port of the same bridge there: frames
// must then be able to leave by the port they came by. Elsewhere such packets
// are routed, and the ports are isolated.
func (n network) separate(port netlink.Link) error {
	var err error
	if filtersBridged() {
		err = netlink.LinkSetHairpin(port, true)
	} else if !n.icc {
		err = netlink.LinkSetIsolated(port, true)
	}
	if err != nil {
		return fmt.Errorf("set up port %s of bridge %s: %w", port.Attrs().Name, n.link, err)
	}
	return nil
}

// filtersBridged says whether bridged packets pass the IP filters.
func filtersBridged() bool {
	value, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables")
	return err == nil && strings.TrimSpace(string(value)) == "1"
}

// Leave removes the veth; the end in the container goes with it.
func (d *Driver) Leave(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	port := kernel.Name(PortPrefix, e.ID)
	if e.Limits.Any() {
		return errors.Join(d.Unpublish(ctx, n, e), shape.Delete(ctx, port))
	}
	return errors.Join(d.Unpublish(ctx, n, e), netns.DeleteVeth(ctx, port))
}
