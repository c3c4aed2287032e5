// SPDX-License-Identifier: Apache-2.0

package across

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// behind is the next hop to all networks: nobody has the address, but there is a
// neighbour entry for it, so that the stack asks for none. The MAC is that of every
// router of the fabric.
func behind() (net.IP, net.HardwareAddr) {
	return net.IPv4(169, 254, 108, 117), net.HardwareAddr{0x02, 0xff, 0, 0, 0, 1}
}

// own is the address of the host's end, which nobody sends to. Linux looks for the way
// back to a sender in any table only where a link has one: hops answer by addresses that
// are in none of ours.
func own() net.IP { return net.IPv4(169, 254, 108, 118) }

// Ensure makes the veth, or brings it to what it must be, in the network namespace of
// the process. One that is there stays: what passes is not disturbed by a restart.
func Ensure(ctx context.Context, c Config) error {
	host, err := c.veth(ctx)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(host); err != nil {
		return fmt.Errorf("set %s up: %w", Link, err)
	}
	address := &netlink.Addr{IPNet: netlink.NewIPNet(own()), Scope: unix.RT_SCOPE_LINK}
	if err := netlink.AddrReplace(host, address); err != nil {
		return fmt.Errorf("address of %s: %w", Link, err)
	}
	hop, mac := behind()
	err = netlink.NeighSet(&netlink.Neigh{
		LinkIndex: host.Attrs().Index, Family: unix.AF_INET, State: netlink.NUD_PERMANENT, IP: hop, HardwareAddr: mac,
	})
	if err != nil {
		return fmt.Errorf("next hop of %s: %w", Link, err)
	}
	return tune()
}

func (c Config) veth(ctx context.Context) (netlink.Link, error) {
	host, err := kernel.Find(Link)
	if err != nil {
		return nil, err
	}
	port, err := kernel.Find(Port)
	if err != nil {
		return nil, err
	}
	mac := linkspan.BridgeMAC()
	if host != nil && port != nil && host.Attrs().ParentIndex == port.Attrs().Index &&
		host.Attrs().MTU == c.LinkMTU && bytes.Equal(host.Attrs().HardwareAddr, mac[:]) && c.offloadIs() {
		return host, nil
	}
	err = netns.CreateVeth(ctx, netns.Veth{Host: Port, Peer: Link, MAC: mac, MTU: c.LinkMTU, Offload: c.Offload})
	if err != nil {
		return nil, kernel.Veth.Explain(err)
	}
	return netlink.LinkByName(Link)
}

// offloadIs says whether the host's end has what is wanted.
func (c Config) offloadIs() bool {
	on, err := netns.Offloads(Link)
	return err == nil && (len(on) == 0) == (c.Offload == netns.OffloadNone)
}

// tune has the stack forward, and say nothing of its own on the link.
func tune() error {
	var errs []error
	for _, s := range [][2]string{
		{"ipv4/ip_forward", "1"},
		{"ipv4/conf/" + Link + "/send_redirects", "0"},
		{"ipv4/conf/" + Link + "/arp_ignore", "8"},   // 8: never answer
		{"ipv4/conf/" + Link + "/rp_filter", "2"},    // 2: whoever there is a way back to, also by another link
		{"ipv4/conf/" + Link + "/accept_local", "1"}, // this host is a hop, too
		{"ipv6/conf/" + Link + "/disable_ipv6", "1"},
	} {
		err := os.WriteFile("/proc/sys/net/"+s[0], []byte(s[1]), 0o644)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without IPv6 has no such file
			errs = append(errs, fmt.Errorf("sysctl net/%s: %w", s[0], err))
		}
	}
	return errors.Join(errs...)
}

// There says whether the host's end is there.
func There() (bool, error) {
	l, err := kernel.Find(Link)
	return l != nil, err
}

// Remove removes link, routes and table, where there are any.
func Remove(ctx context.Context) error {
	errs := []error{route(ctx, nil, 0, 0)}
	if l, err := kernel.Find(Port); err != nil || l != nil {
		errs = append(errs, err, netns.DeleteVeth(ctx, Port))
	}
	if filter.HasTable(table()) {
		errs = append(errs, removeTable())
	}
	return errors.Join(errs...)
}
