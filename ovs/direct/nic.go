// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// takeNIC checks that the given link is nobody else's, and takes it.
func (c Config) takeNIC(parent netlink.Link) (netlink.Link, error) {
	dev, err := netlink.LinkByName(c.NIC)
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "link " + c.NIC + " given for the direct transport", Err: err,
			Hint: "ip link shows those that are there"}
	}
	addrs, err := netlink.AddrList(dev, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("list addresses of %s: %w", c.NIC, err)
	}
	if len(addrs) > 0 || dev.Attrs().Index == parent.Attrs().Index || dev.Attrs().MasterIndex != 0 && !ofBridge(dev) {
		return nil, &linkspan.Error{Code: linkspan.Conflict, Message: "link " + c.NIC + " is in use by the host",
			Hint: "give a link without an address to --direct-nic, or leave it out to share the underlay's"}
	}
	if c.Large {
		return dev, nil
	}
	if err := netns.DisableReceiveOffload(c.NIC); err != nil {
		return nil, err
	}
	return dev, nil
}

// ofBridge says whether a link is a port of Open vSwitch's kernel datapath.
func ofBridge(dev netlink.Link) bool {
	master, err := netlink.LinkByIndex(dev.Attrs().MasterIndex)
	return err == nil && master.Type() == "openvswitch"
}

// checkLarge refuses a parent that joins received packets to larger ones where
// the datapath takes none: it would drop most of a TCP stream. The host's own
// link is not changed for our sake.
func (c Config) checkLarge(parent string) error {
	if c.Large {
		return nil
	}
	on, err := netns.ReceiveOffload(parent)
	if err != nil {
		return err
	}
	if !on {
		return nil
	}
	return unable("%s joins received packets (generic receive offload), which the userspace datapath without TSO cannot take", parent,
		"ethtool -K "+parent+" gro off, or give a link of its own with --direct-nic", nil)
}

// unable is why this host cannot have the direct transport.
func unable(format, link, hint string, cause error) error {
	return &linkspan.Error{Code: linkspan.Unavailable, Message: fmt.Sprintf(format, link), Hint: hint, Err: cause}
}

// Remove deletes the macvlan child; one that is not there is fine.
func Remove(device string) error {
	dev, err := Config{Device: device}.Default().find()
	if err != nil || dev == nil {
		return err
	}
	err = netlink.LinkDel(dev)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil
	}
	return err
}
