// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// ensureDevice makes the link and returns its name and MTU.
func (c Config) ensureDevice(ctx context.Context) (name string, mtu int, err error) {
	parent, err := underlay(ctx, c.Local)
	if err != nil {
		return "", 0, err
	}
	var dev netlink.Link
	if c.NIC == "" {
		dev, err = c.ensureChild(parent)
	} else {
		dev, err = c.takeNIC(parent)
	}
	if err != nil {
		return "", 0, err
	}
	name, mtu = dev.Attrs().Name, dev.Attrs().MTU
	mac := c.Number.DirectMAC()
	if !bytes.Equal(dev.Attrs().HardwareAddr, mac[:]) {
		err = readdress(dev, mac)
	}
	err = errors.Join(err, netns.Silence(name), netlink.LinkSetUp(dev))
	if err != nil {
		return "", 0, fmt.Errorf("set up %s: %w", name, err)
	}
	return name, mtu, nil
}

// underlay returns the link that has an address.
func underlay(ctx context.Context, local netip.Addr) (netlink.Link, error) {
	addrs, err := netns.Dump(ctx, func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range addrs {
		if ip, _ := netip.AddrFromSlice(a.IP); ip.Unmap() == local {
			return netlink.LinkByIndex(a.LinkIndex)
		}
	}
	return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("no link has the underlay address %s", local)}
}

// ensureChild makes the macvlan child, or brings the one that is there to what
// it must be. In private mode children of one parent do not hear each other.
func (c Config) ensureChild(parent netlink.Link) (netlink.Link, error) {
	p := parent.Attrs()
	if p.EncapType != "ether" || p.Flags&net.FlagLoopback != 0 || len(p.HardwareAddr) != 6 {
		return nil, unable("the underlay's link %s is no Ethernet", p.Name, "give one with --direct-nic, or none with --direct off", nil)
	}
	if err := c.checkLarge(p.Name); err != nil {
		return nil, err
	}
	old, err := c.find()
	if err != nil {
		return nil, err
	}
	if old != nil && (old.ParentIndex != p.Index || old.Mode != netlink.MACVLAN_MODE_PRIVATE) {
		if err := netlink.LinkDel(old); err != nil {
			return nil, fmt.Errorf("replace %s: %w", c.Device, err)
		}
		old = nil
	}
	if old == nil {
		return c.addChild(p)
	}
	if old.MTU != p.MTU {
		if err := netlink.LinkSetMTU(old, p.MTU); err != nil {
			return nil, fmt.Errorf("set mtu of %s: %w", c.Device, err)
		}
		old.MTU = p.MTU
	}
	return old, nil
}

func (c Config) addChild(parent *netlink.LinkAttrs) (netlink.Link, error) {
	attrs, mac := netlink.NewLinkAttrs(), c.Number.DirectMAC()
	attrs.Name, attrs.ParentIndex, attrs.MTU, attrs.HardwareAddr = c.Device, parent.Index, parent.MTU, mac[:]
	err := netlink.LinkAdd(&netlink.Macvlan{LinkAttrs: attrs, Mode: netlink.MACVLAN_MODE_PRIVATE})
	if err != nil {
		return nil, unable("no macvlan child of %s can be made", parent.Name,
			"does the kernel have macvlan, and is the link no port of a bridge? give another with --direct-nic, or none with --direct off", err)
	}
	made, err := c.find()
	if err != nil || made == nil {
		return nil, errors.Join(err, fmt.Errorf("link %s went as soon as it came", c.Device))
	}
	return made, nil
}

// find returns the child that is there, or nil.
func (c Config) find() (*netlink.Macvlan, error) {
	link, err := netlink.LinkByName(c.Device)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", c.Device, err)
	}
	child, ok := link.(*netlink.Macvlan)
	if !ok {
		return nil, &linkspan.Error{Code: linkspan.Conflict, Hint: "rename or delete that link",
			Message: fmt.Sprintf("the link %s is a %s and not our macvlan child", c.Device, link.Type())}
	}
	return child, nil
}

// readdress sets the Ethernet address; some drivers want the link down for it.
func readdress(dev netlink.Link, mac linkspan.MAC) error {
	err := netlink.LinkSetHardwareAddr(dev, mac[:])
	if errors.Is(err, unix.EBUSY) {
		err = errors.Join(netlink.LinkSetDown(dev), netlink.LinkSetHardwareAddr(dev, mac[:]))
	}
	return err
}
