// SPDX-License-Identifier: Apache-2.0

package macvlan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
)

// ensureParent returns the parent, and makes it if it is one to be made.
func (n network) ensureParent() (netlink.Link, error) {
	link, err := kernel.Find(n.parent)
	if err != nil || link != nil {
		return link, err
	}
	made, feature, err := n.newParent()
	if err != nil {
		return nil, err
	}
	if err := netlink.LinkAdd(made); err != nil {
		return nil, feature.Explain(fmt.Errorf("make parent %s: %w", n.parent, err))
	}
	if err := errors.Join(kernel.Mark(made, n.ID), netlink.LinkSetUp(made)); err != nil {
		return nil, errors.Join(fmt.Errorf("set up parent %s: %w", n.parent, err), netlink.LinkDel(made))
	}
	return made, nil
}

// newParent is an 802.1q link, or for a network without parent a bridge without
// ports, which every kernel that runs containers can make.
func (n network) newParent() (netlink.Link, kernel.Feature, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = n.parent
	if n.alone {
		return &netlink.Bridge{LinkAttrs: attrs}, kernel.Bridge, nil
	}
	base, number, tagged := strings.Cut(n.parent, ".")
	id, err := strconv.Atoi(number)
	if !tagged || err != nil || id < 1 || id > 4094 {
		return nil, 0, noParent(n.parent)
	}
	link, err := kernel.Find(base)
	if err != nil {
		return nil, 0, err
	}
	if link == nil {
		return nil, 0, noParent(base)
	}
	attrs.ParentIndex = link.Attrs().Index
	return &netlink.Vlan{LinkAttrs: attrs, VlanId: id, VlanProtocol: netlink.VLAN_PROTOCOL_8021Q}, kernel.VLAN, nil
}

func noParent(name string) error {
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: "the host has no link " + name,
		Hint: "give one that ip link shows, as in -o parent=eth0, or an 802.1q link to be made, as in -o parent=eth0.50",
	}
}

// removeParent removes a parent that was made for the network.
func (n network) removeParent() error {
	link, err := kernel.Find(n.parent)
	if err != nil || link == nil || !kernel.Marked(link, n.ID) {
		return err
	}
	if err := netlink.LinkDel(link); err != nil && !kernel.Missing(err) {
		return fmt.Errorf("delete parent %s: %w", n.parent, err)
	}
	return nil
}
