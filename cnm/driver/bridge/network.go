// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// CreateNetwork makes the bridge and lets the filter know it.
func (d *Driver) CreateNetwork(_ context.Context, n cnm.Network) error {
	c, err := read(n)
	if err != nil {
		return err
	}
	made := network{n, c}
	d.mu.Lock()
	if err := d.conflict(made); err != nil {
		d.mu.Unlock()
		return err
	}
	d.networks[n.ID] = made
	d.mu.Unlock()
	filter := func() error { return d.filterWith(made) }
	return both(made.ensure, filter) // the controller deletes what was begun
}

// both does two things at the same time: each waits for a lock of the kernel's
// that the other does not need.
func both(one, other func() error) error {
	done := make(chan error, 1)
	go func() { done <- one() }()
	err := other()
	return errors.Join(<-done, err)
}

// DeleteNetwork removes the bridge, if this driver made it, and its rules.
func (d *Driver) DeleteNetwork(ctx context.Context, n cnm.Network) error {
	d.mu.Lock()
	was, ok := d.networks[n.ID]
	delete(d.networks, n.ID)
	d.mu.Unlock()
	if !ok { // it was never made, or this process has yet to hear of it
		was.Network = n
		was.config, _ = read(n) // a network with options that cannot be read was never made
	}
	return both(func() error { return removeLink(ctx, was.link, n.ID) }, d.refilter)
}

// removeLink removes a bridge that was made for the network.
func removeLink(ctx context.Context, name, network string) error {
	link, err := kernel.Find(name)
	if err != nil || link == nil || !kernel.Marked(link, network) {
		return err
	}
	return netns.DeleteLink(ctx, link)
}

// ensure makes the bridge, or brings it to what it should be.
func (n network) ensure() error {
	link, err := n.bridge()
	if err != nil {
		return fmt.Errorf("bridge %s: %w", n.link, err)
	}
	if n.mtu != 0 && link.Attrs().MTU != n.mtu {
		if err := netlink.LinkSetMTU(link, n.mtu); err != nil {
			return fmt.Errorf("mtu %d of bridge %s: %w", n.mtu, n.link, err)
		}
	}
	if err := n.tune(); err != nil {
		return err
	}
	if err := n.address(link); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set bridge %s up: %w", n.link, err)
	}
	return nil
}

func (n network) bridge() (netlink.Link, error) {
	link, err := kernel.Find(n.link)
	if err != nil || link != nil {
		return link, checkBridge(link, err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = n.link
	snooping := false // with nobody to ask, snooping forgets who wants a group
	made := &netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &snooping}
	if err := netlink.LinkAdd(made); err != nil {
		return nil, kernel.Bridge.Explain(err)
	}
	if err := kernel.Mark(made, n.ID); err != nil {
		return nil, errors.Join(err, netlink.LinkDel(made))
	}
	return kernel.Find(n.link)
}

func checkBridge(link netlink.Link, err error) error {
	if err == nil && link != nil && link.Type() != "bridge" {
		return &linkspan.Error{Code: linkspan.Conflict, Message: link.Attrs().Name + " is a link of kind " + link.Type()}
	}
	return err
}

// address gives the bridge the addresses of the gateways.
func (n network) address(link netlink.Link) error {
	for _, f := range n.families() {
		if !n.hasAddress(f) {
			continue
		}
		a := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(f.gateway, f.subnet.Bits()))}
		if f.index == 1 {
			a.Flags = ifaNoDAD
		}
		if err := netlink.AddrReplace(link, a); err != nil {
			return fmt.Errorf("address %s of bridge %s: %w", f.gateway, n.link, err)
		}
	}
	return nil
}

// ifaNoDAD makes an IPv6 address usable at once (linux/if_addr.h).
const ifaNoDAD = 0x02

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
