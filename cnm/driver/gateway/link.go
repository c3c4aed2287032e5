// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// behind is the next hop to all endpoints: nobody has the address, which follows the
// host's own, but there is a neighbour entry for it, so that the stack asks for none. The
// MAC is not looked at.
func behind(own netip.Addr) (net.IP, net.HardwareAddr) {
	return own.Next().AsSlice(), net.HardwareAddr{0x02, 0xff, 0, 0, 0, 1}
}

// ensureLink makes the veth, or brings it to what it must be. One that is there stays:
// what passes is not disturbed by a restart. A range of IPv6 that has become the host's
// keeps nothing else from being brought there.
func (c Config) ensureLink(ctx context.Context) error {
	if err := clash(ctx, c.Range); err != nil {
		return err
	}
	host, err := c.veth(ctx)
	if err != nil {
		return err
	}
	if err := c.quiet(); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(host); err != nil {
		return fmt.Errorf("set %s up: %w", link, err)
	}
	errs := []error{tune(), c.address(host, c.Range)}
	if err := c.clash6(ctx); err != nil {
		errs = append(errs, err)
	} else if c.Range6.IsValid() {
		errs = append(errs, c.address(host, c.Range6))
	}
	return errors.Join(errs...)
}

// veth returns the host's end.
func (c Config) veth(ctx context.Context) (netlink.Link, error) {
	host, err := kernel.Find(link)
	if err != nil {
		return nil, err
	}
	port, err := kernel.Find(Port)
	if err != nil {
		return nil, err
	}
	mac := linkspan.GatewayMAC()
	if host != nil && port != nil && host.Attrs().ParentIndex == port.Attrs().Index &&
		host.Attrs().MTU == c.LinkMTU && bytes.Equal(host.Attrs().HardwareAddr, mac[:]) && c.offloadIs() {
		return host, nil
	}
	err = netns.CreateVeth(ctx, netns.Veth{Host: Port, Peer: link, MAC: mac, MTU: c.LinkMTU, Offload: c.Offload})
	if err != nil {
		return nil, kernel.Veth.Explain(err)
	}
	return netlink.LinkByName(link)
}

// offloadIs says whether the host's end has what is wanted.
func (c Config) offloadIs() bool {
	on, err := netns.Offloads(link)
	return err == nil && (len(on) == 0) == (c.Offload == netns.OffloadNone)
}

// address gives the host's end its address of a range's family and the route to
// endpoints. The route has the MTU of endpoints, so that the stack tells senders of what
// is longer.
func (c Config) address(host netlink.Link, to netip.Prefix) error {
	speaks, family, flags := linkspan.GatewayHostTo(to.Addr()), unix.AF_INET, 0
	if speaks.Is6() {
		family, flags = unix.AF_INET6, unix.IFA_F_NODAD
	}
	err := netlink.AddrReplace(host, &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(speaks, speaks.BitLen())), Flags: flags})
	if err != nil {
		return fmt.Errorf("address of %s: %w", link, err)
	}
	hop, mac := behind(speaks)
	err = netlink.NeighSet(&netlink.Neigh{
		LinkIndex: host.Attrs().Index, Family: family, State: netlink.NUD_PERMANENT, IP: hop, HardwareAddr: mac,
	})
	if err != nil {
		return fmt.Errorf("next hop of %s: %w", link, err)
	}
	err = netlink.RouteReplace(&netlink.Route{
		LinkIndex: host.Attrs().Index, Dst: ipNet(to), Gw: hop, Flags: int(netlink.FLAG_ONLINK),
		Src: speaks.AsSlice(), MTU: c.MTU, MTULock: true,
	})
	if err != nil {
		return fmt.Errorf("route to %s by %s: %w", to, link, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// clash6 is clash of the range of IPv6, if there is one.
func (c Config) clash6(ctx context.Context) error {
	if !c.Range6.IsValid() {
		return nil
	}
	return clash(ctx, c.Range6)
}

// clash refuses a range of which the host has addresses routed elsewhere.
func clash(ctx context.Context, own netip.Prefix) error {
	family, flag := netlink.FAMILY_V4, "--gateway-range"
	if own.Addr().Is6() {
		family, flag = netlink.FAMILY_V6, "--gateway-range6"
	}
	routes, err := netns.Dump(ctx, func() ([]netlink.Route, error) { return netlink.RouteList(nil, family) })
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	for i := range routes {
		r := &routes[i]
		if r.Dst == nil {
			continue
		}
		to, _ := netip.AddrFromSlice(r.Dst.IP)
		bits, _ := r.Dst.Mask.Size()
		if p := netip.PrefixFrom(to.Unmap(), bits); bits == 0 || !p.Overlaps(own) {
			continue
		}
		name := fmt.Sprintf("link %d", r.LinkIndex)
		if l, err := netlink.LinkByIndex(r.LinkIndex); err == nil {
			name = l.Attrs().Name
		}
		if name != link {
			return &linkspan.Error{
				Code:    linkspan.Conflict,
				Message: fmt.Sprintf("the range %s for containers in the host's stack overlaps the host's route to %s by %s", own, r.Dst, name),
				Hint:    fmt.Sprintf("choose another /%d with linkspan serve switch %s, or off", own.Bits(), flag),
			}
		}
	}
	return nil
}

// tune has the stack forward, and deliver what is sent to published ports of 127.0.0.1,
// whose way in the table closes for everybody else. IPv6 is forwarded once somebody has an
// address of it; see [Gateway.Joined].
func tune() error {
	var errs []error
	for _, s := range [][2]string{
		{"ip_forward", "1"},
		{"conf/" + link + "/route_localnet", "1"},
		{"conf/" + link + "/send_redirects", "0"},
		{"conf/" + link + "/arp_ignore", "8"}, // 8: never answer
	} {
		errs = append(errs, kernel.Sysctl("ipv4/"+s[0], s[1]))
	}
	return errors.Join(errs...)
}

// quiet keeps the host's end from speaking of itself as links of IPv6 do; there is no
// such link where IPv6 has no way.
func (c Config) quiet() error {
	conf := "ipv6/conf/" + link + "/"
	if !c.Range6.IsValid() {
		if has6() {
			return kernel.Sysctl(conf+"disable_ipv6", "1")
		}
		return nil
	}
	return errors.Join(
		kernel.Sysctl(conf+"addr_gen_mode", "1"), // 1: no link-local address
		kernel.Sysctl(conf+"accept_ra", "0"), kernel.Sysctl(conf+"disable_ipv6", "0"),
	)
}

// has6 says whether the kernel has IPv6.
func has6() bool {
	_, err := os.Stat("/proc/sys/net/ipv6/conf")
	return err == nil
}
