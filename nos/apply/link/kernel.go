// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// kernel is the network of the process's namespace.
type kernel struct {
	handle *netlink.Handle
	strict *nl.SocketHandle // of which a dump is what is asked for
}

// found is a device as the kernel has it.
type found struct {
	index     int
	up        bool
	running   bool // up, and the other end is there
	mtu       int
	addresses []address
}

// address is one that a device has.
type address struct {
	netip.Prefix
	passing bool // it has a lifetime, or the kernel made it by itself
}

func missing(err error) bool {
	var gone netlink.LinkNotFoundError
	return errors.As(err, &gone) || errors.Is(err, unix.ENODEV)
}

// devices returns all devices by name.
func (k kernel) devices(ctx context.Context) (map[string]found, error) {
	links, err := netns.Dump(ctx, k.handle.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	addresses, err := netns.Dump(ctx, func() ([]netlink.Addr, error) { return k.handle.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	of := map[int][]address{}
	for _, a := range addresses {
		if one, ok := addressOf(a); ok {
			of[a.LinkIndex] = append(of[a.LinkIndex], one)
		}
	}
	all := make(map[string]found, len(links))
	for _, l := range links {
		all[l.Attrs().Name] = foundOf(l, of[l.Attrs().Index])
	}
	return all, nil
}

// device returns one device, and whether there is one.
func (k kernel) device(name string) (found, bool, error) {
	l, err := k.handle.LinkByName(name)
	if missing(err) {
		return found{}, false, nil
	}
	if err != nil {
		return found{}, false, fmt.Errorf("look up %s: %w", name, err)
	}
	addresses, err := k.addressesOf(l.Attrs().Index)
	if missing(err) {
		return found{}, false, nil
	}
	if err != nil {
		return found{}, false, fmt.Errorf("addresses of %s: %w", name, err)
	}
	return foundOf(l, addresses), true, nil
}

func foundOf(l netlink.Link, addresses []address) found {
	a := l.Attrs()
	return found{a.Index, a.Flags&net.FlagUp != 0, a.RawFlags&unix.IFF_LOWER_UP != 0 && a.Flags&net.FlagUp != 0, a.MTU, addresses}
}

// addressOf returns an address with its prefix; not ok for those of the link alone,
// which nobody configures.
func addressOf(a netlink.Addr) (address, bool) {
	bits, _ := a.Mask.Size()
	return addressFrom(a.IP, bits, a.Flags)
}

func (f found) has(p netip.Prefix) bool {
	return slices.ContainsFunc(f.addresses, func(a address) bool { return a.Prefix == p })
}

// connected returns the prefixes that are reached without a router now.
func connected(all map[string]found) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, f := range all {
		for _, a := range f.addresses {
			if f.running {
				prefixes = append(prefixes, a.Masked())
			}
		}
	}
	return prefixes
}

func (k kernel) byIndex(index int) netlink.Link {
	return &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: index}}
}

func (k kernel) setUp(f found, up bool) error {
	if up {
		return k.handle.LinkSetUp(k.byIndex(f.index))
	}
	return k.handle.LinkSetDown(k.byIndex(f.index))
}

func (k kernel) setMTU(f found, mtu int) error { return k.handle.LinkSetMTU(k.byIndex(f.index), mtu) }

func (k kernel) add(f found, p netip.Prefix) error {
	err := k.handle.AddrAdd(k.byIndex(f.index), addr(p))
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// remove removes an address; one that is gone is fine.
func (k kernel) remove(f found, p netip.Prefix) error {
	err := k.handle.AddrDel(k.byIndex(f.index), addr(p))
	if errors.Is(err, unix.EADDRNOTAVAIL) || missing(err) {
		return nil
	}
	return err
}

// addr is an address with the broadcast address of its prefix (RFC 919) where it has one.
func addr(p netip.Prefix) *netlink.Addr {
	bits := p.Addr().BitLen()
	a := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), bits)}}
	if p.Addr().Is4() && p.Bits() < 31 {
		last := p.Addr().As4()
		for i, m := range a.Mask {
			last[i] |= ^m
		}
		a.Broadcast = last[:]
	}
	return a
}
