// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// PortPrefix begins the names of endpoints' ports, and of no other links.
const PortPrefix = "lov-"

// The prefixes of other links.
const (
	bridgePrefix = "lob-" // of a network
	vxlanPrefix  = "lox-" // of a network
	peerPrefix   = "lop-" // of an endpoint, until it is in a sandbox
)

// canVXLAN says why not, in words that help.
func canVXLAN() error {
	kinds, err := netns.ProbeKinds()
	if err != nil || kinds.VXLAN {
		return err
	}
	return kernel.VXLAN.Missing()
}

// open reaches into the namespace of the overlay networks, or returns nil when
// there is none.
func (d *Driver) open() (*netns.Sandbox, error) {
	ns, err := netns.Open(d.options.Namespace)
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return nil, nil
	}
	return ns, err
}

// openOrMake makes the namespace too. Nothing in it has an IPv6 address, and
// what is bridged there passes no filter.
func (d *Driver) openOrMake() (*netns.Sandbox, error) {
	ns, err := d.open()
	if ns != nil || err != nil {
		return ns, err
	}
	if err := netns.Create(d.options.Namespace); err != nil {
		return nil, err
	}
	if ns, err = netns.Open(d.options.Namespace); err != nil {
		return nil, err
	}
	err = ns.Do(func() error {
		return errors.Join(
			sysctl("ipv6/conf/default/disable_ipv6", "1"), sysctl("ipv6/conf/all/disable_ipv6", "1"),
			sysctl("bridge/bridge-nf-call-iptables", "0"), sysctl("bridge/bridge-nf-call-ip6tables", "0"),
			sysctl("bridge/bridge-nf-call-arptables", "0"))
	})
	if err != nil {
		return nil, errors.Join(err, ns.Close(), netns.Destroy(d.options.Namespace))
	}
	return ns, nil
}

// sysctl sets what there is: a kernel without the part needs no switch of it.
func sysctl(key, value string) error {
	err := os.WriteFile("/proc/sys/net/"+key, []byte(value), 0o644)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("sysctl net/%s: %w", key, err)
}

// ensure makes what of the network's links is missing, tells the kernel the
// peers, and returns the bridge. The lock is held.
func (d *Driver) ensure(ns *netns.Sandbox, n network) (netlink.Link, error) {
	w := d.wire(n)
	d.wires[n.vni] = w
	bridge, err := ensureBridge(ns, n, w.bridge)
	if err != nil {
		return nil, err
	}
	name := w.vxlan
	if _, err := ns.Netlink().LinkByName(name); err == nil {
		return bridge, nil
	} else if !kernel.Missing(err) {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	vxlan, err := d.makeVXLAN(ns, n, name)
	if err != nil {
		return nil, err
	}
	if err := d.plugVXLAN(ns, n, vxlan, bridge); err != nil {
		return nil, errors.Join(err, ns.Netlink().LinkDel(vxlan))
	}
	return bridge, nil
}

func ensureBridge(ns *netns.Sandbox, n network, name string) (netlink.Link, error) {
	h := ns.Netlink()
	if link, err := h.LinkByName(name); err == nil || !kernel.Missing(err) {
		return link, err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	snooping := false // with nobody to ask, snooping forgets who wants a group
	made := &netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &snooping}
	if err := h.LinkAdd(made); err != nil {
		return nil, kernel.Bridge.Explain(fmt.Errorf("make bridge %s: %w", name, err))
	}
	if err := errors.Join(h.LinkSetAlias(made, kernel.Alias(n.ID)), h.LinkSetUp(made)); err != nil {
		return nil, errors.Join(fmt.Errorf("set up bridge %s: %w", name, err), h.LinkDel(made))
	}
	return made, nil
}

// makeVXLAN makes the link in the host's namespace, where its socket stays, and
// moves it. One of an earlier attempt that never moved is replaced.
func (d *Driver) makeVXLAN(ns *netns.Sandbox, n network, name string) (netlink.Link, error) {
	old, err := kernel.Find(name)
	if err == nil && old != nil {
		err = netlink.LinkDel(old)
	}
	if err != nil {
		return nil, fmt.Errorf("replace %s: %w", name, err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = name, d.fits()
	made := &netlink.Vxlan{
		LinkAttrs: attrs, VxlanId: int(n.vni), Port: int(d.options.Port), SrcAddr: d.options.Local.AsSlice(), Proxy: true,
	}
	if err := netlink.LinkAdd(made); err != nil {
		return nil, d.explain(n, err)
	}
	if err := ns.Take(name, name); err != nil {
		return nil, errors.Join(err, netlink.LinkDel(made))
	}
	return ns.Netlink().LinkByName(name)
}

// explain says why a link cannot be made: somebody else on the host may have the
// VNI, or the port for all VNIs.
func (d *Driver) explain(n network, err error) error {
	err = fmt.Errorf("vxlan link with VNI %d: %w", n.vni, err)
	if !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.EADDRINUSE) {
		return kernel.VXLAN.Explain(err)
	}
	return &linkspan.Error{
		Code: linkspan.Conflict, Err: err,
		Hint: fmt.Sprintf("another program of this host has VNI %d, or all of UDP port %d; see: ip -d link show type vxlan", n.vni, d.options.Port),
	}
}

// plugVXLAN makes the link a port that learns nothing and gets nothing that the
// bridge does not know to be there.
func (d *Driver) plugVXLAN(ns *netns.Sandbox, n network, vxlan, bridge netlink.Link) error {
	h, name := ns.Netlink(), vxlan.Attrs().Name
	err := ns.Do(func() error { // neighbours of IPv6 it may have, an address of its own not
		return errors.Join(sysctl("ipv6/conf/"+name+"/addr_gen_mode", "1"), sysctl("ipv6/conf/"+name+"/accept_ra", "0"),
			sysctl("ipv6/conf/"+name+"/disable_ipv6", "0"))
	})
	err = errors.Join(err,
		h.LinkSetMaster(vxlan, bridge), h.LinkSetLearning(vxlan, false), h.LinkSetFlood(vxlan, false), h.LinkSetUp(vxlan))
	if err != nil {
		return d.explain(n, err)
	}
	if d.peers[n.vni] == nil {
		return nil
	}
	for p := range d.peers[n.vni].all {
		if err := tell(h, vxlan, p); err != nil {
			return err
		}
	}
	return nil
}

// removeLinks removes links in the namespace.
func (d *Driver) removeLinks(w wire) error {
	ns, err := d.open()
	if ns == nil || err != nil {
		return err
	}
	defer func() { _ = ns.Close() }()
	for _, name := range []string{w.vxlan, w.bridge} {
		if err := removeLink(ns.Netlink(), name); err != nil {
			return err
		}
	}
	return nil
}

func removeLink(h *netlink.Handle, name string) error {
	link, err := h.LinkByName(name)
	if err == nil {
		err = h.LinkDel(link)
	}
	if err != nil && !kernel.Missing(err) {
		return fmt.Errorf("delete link %s: %w", name, err)
	}
	return nil
}

// removeNamespace removes the namespace when no network is left.
func (d *Driver) removeNamespace() error {
	if len(d.networks) > 0 {
		return nil
	}
	return netns.Destroy(d.options.Namespace)
}

// The bytes that VXLAN puts around a packet: an IP header, UDP, VXLAN and the
// inner Ethernet header (RFC 7348, 5).
const (
	around4 = 20 + 8 + 8 + 14
	around6 = 40 + 8 + 8 + 14
)

// fits returns the largest MTU that fits into the underlay.
func (d *Driver) fits() int {
	around := around4
	if d.options.Local.Is6() {
		around = around6
	}
	return underlayMTU(d.options.Local) - around
}
