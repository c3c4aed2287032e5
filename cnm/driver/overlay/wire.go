// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"context"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// wire is the names of the links that carry a VNI. Several networks of this host
// may stand for one of the fabric, such as Docker's and that of sandboxes: they
// share them. They are named after the first of those, for as long as there is one.
type wire struct{ bridge, vxlan string }

// wire returns what carries a network.
func (d *Driver) wire(n network) wire {
	if w, made := d.wires[n.vni]; made {
		return w
	}
	return wire{kernel.Name(bridgePrefix, n.ID), kernel.Name(vxlanPrefix, n.ID)}
}

// alone says whether no other network has the VNI of this one.
func (d *Driver) alone(n network) bool {
	for _, other := range d.networks {
		if other.ID != n.ID && other.vni == n.vni && n.vni != 0 {
			return false
		}
	}
	return true
}

// recallWires learns what the links of VNIs are called that an earlier process
// made.
func (d *Driver) recallWires(ns *netns.Sandbox) error {
	links, err := netns.Dump(context.Background(), ns.Netlink().LinkList)
	if err != nil {
		return fmt.Errorf("list links of the overlay: %w", err)
	}
	carried := make(map[uint32]bool)
	for _, n := range d.networks {
		carried[n.vni] = true
	}
	for _, l := range links {
		v, ok := l.(*netlink.Vxlan)
		if stem, ours := strings.CutPrefix(l.Attrs().Name, vxlanPrefix); ok && ours && carried[uint32(v.VxlanId)] {
			d.wires[uint32(v.VxlanId)] = wire{bridgePrefix + stem, l.Attrs().Name}
		}
	}
	return nil
}

// known returns a network as it was made, or as far as its record says.
func (d *Driver) known(n cnm.Network) network {
	if was, ok := d.networks[n.ID]; ok {
		return was
	}
	c, _ := d.read(n) // one with options that cannot be read was never made
	return network{n, c}
}
