// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// recall reads back which peers the kernel was told of each network. The lock is
// held.
func (d *Driver) recall() error {
	ns, err := d.open()
	if ns == nil || err != nil {
		return err
	}
	defer func() { _ = ns.Close() }()
	if err := d.recallWires(ns); err != nil {
		return err
	}
	for _, n := range d.networks {
		vxlan, err := d.readBack(ns, n)
		if err == nil && vxlan != nil {
			err = d.refresh(ns, n, vxlan)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readBack replaces what is known of a network's peers by what the kernel was
// told, and returns the link; nil: there is none, and nothing to read.
func (d *Driver) readBack(ns *netns.Sandbox, n network) (netlink.Link, error) {
	vxlan, err := ns.Netlink().LinkByName(d.wire(n).vxlan)
	if n.vni == 0 || kernel.Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := told(ns, vxlan)
	if err != nil {
		return nil, fmt.Errorf("read the peers of %s: %w", vxlan.Attrs().Name, err)
	}
	delete(d.peers, n.vni)
	d.note(n.vni, all, nil)
	return vxlan, nil
}

// refresh makes a link anew that an earlier process made with another address of
// the host, or for another port.
func (d *Driver) refresh(ns *netns.Sandbox, n network, link netlink.Link) error {
	if v, ok := link.(*netlink.Vxlan); ok && d.made(v, n) {
		return nil
	}
	if err := removeLink(ns.Netlink(), link.Attrs().Name); err != nil {
		return err
	}
	_, err := d.ensure(ns, n)
	return err
}

// made says whether a link is as this driver makes it.
func (d *Driver) made(v *netlink.Vxlan, n network) bool {
	local, _ := netip.AddrFromSlice(v.SrcAddr)
	return local.Unmap() == d.options.Local && v.Port == int(d.options.Port) && v.VxlanId == int(n.vni)
}

// told returns the peers that a link was told. One of which only a half is there,
// after a crash, has no address or no host; what it has is taken away with it.
func told(ns *netns.Sandbox, vxlan netlink.Link) ([]Peer, error) {
	by := make(map[linkspan.MAC]*Peer)
	peer := func(mac []byte) *Peer {
		m := linkspan.MAC(mac)
		if by[m] == nil {
			by[m] = &Peer{MAC: m}
		}
		return by[m]
	}
	for _, family := range []int{unix.AF_BRIDGE, unix.AF_INET, unix.AF_INET6} {
		entries, err := netns.Dump(context.Background(), func() ([]netlink.Neigh, error) {
			return ns.Netlink().NeighList(vxlan.Attrs().Index, family)
		})
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			address, ok := netip.AddrFromSlice(e.IP)
			switch address = address.Unmap(); {
			case len(e.HardwareAddr) != len(linkspan.MAC{}) || e.HardwareAddr[0]&1 != 0:
			case family == unix.AF_BRIDGE && ok:
				peer(e.HardwareAddr).Host = address
			case family == unix.AF_BRIDGE || e.State&netlink.NUD_PERMANENT == 0:
			case address.Is4():
				peer(e.HardwareAddr).Address = address
			default:
				peer(e.HardwareAddr).Address6 = address
			}
		}
	}
	peers := make([]Peer, 0, len(by))
	for _, p := range by {
		peers = append(peers, *p)
	}
	return peers, nil
}
