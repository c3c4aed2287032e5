// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// Interface is what a link of the process's namespace becomes in a sandbox.
type Interface struct {
	Link      string       // its name now
	Prefix    string       // of its name in the sandbox; the lowest free number follows
	MAC       linkspan.MAC // zero: as it is
	Addresses []netip.Prefix
	Routes    []Route
}

// Route is a static route.
type Route struct {
	Destination netip.Prefix
	NextHop     netip.Addr // zero: directly connected
}

// Enter moves the link into the sandbox, sets it up with addresses and routes,
// and returns its name there. On an error the link is where it was.
func (s *Sandbox) Enter(i Interface) (name string, err error) {
	if name, err = s.freeName(i.Prefix); err != nil {
		return "", err
	}
	if err := s.Take(i.Link, name); err != nil {
		return "", err
	}
	if err := s.setUp(name, i); err != nil {
		err = fmt.Errorf("set up %s in sandbox %s: %w", name, s.path, err)
		return "", errors.Join(err, s.Expel(name, i.Link))
	}
	return name, nil
}

func (s *Sandbox) freeName(prefix string) (string, error) {
	links, err := s.handle.LinkList()
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return "", fmt.Errorf("list links in sandbox %s: %w", s.path, err)
	}
	taken := make(map[string]bool, len(links))
	for _, l := range links {
		taken[l.Attrs().Name] = true
	}
	for n := 0; ; n++ {
		if name := fmt.Sprintf("%s%d", prefix, n); !taken[name] {
			return name, nil
		}
	}
}

func (s *Sandbox) setUp(name string, i Interface) error {
	link, err := s.handle.LinkByName(name)
	if err != nil {
		return err
	}
	if i.MAC != (linkspan.MAC{}) && !bytes.Equal(link.Attrs().HardwareAddr, i.MAC[:]) {
		if err := s.handle.LinkSetHardwareAddr(link, i.MAC[:]); err != nil {
			return fmt.Errorf("mac %s: %w", i.MAC, err)
		}
	}
	if err := s.switchIPv6(name, i.Addresses); err != nil {
		return err
	}
	for _, a := range i.Addresses {
		if err := s.handle.AddrReplace(link, address(a)); err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	if err := s.handle.LinkSetUp(link); err != nil {
		return err
	}
	for _, r := range i.Routes {
		if err := s.handle.RouteReplace(r.through(link)); err != nil {
			return fmt.Errorf("route to %s: %w", r.Destination, err)
		}
	}
	return nil
}

// switchIPv6 turns IPv6 on only where the interface has an address of it, so
// that a network without IPv6 has no link-local one either.
func (s *Sandbox) switchIPv6(name string, addresses []netip.Prefix) error {
	value := "1"
	for _, a := range addresses {
		if a.Addr().Is6() {
			value = "0"
		}
	}
	err := s.Do(func() error { return sysctl("ipv6", name, "disable_ipv6", value) })
	if errors.Is(err, fs.ErrNotExist) && value == "1" {
		return nil // a kernel without IPv6
	}
	return err
}

// address is usable at once: the addresses were given by an IPAM, so nobody has
// to look for duplicates (RFC 4862, 5.4).
func address(p netip.Prefix) *netlink.Addr {
	a := &netlink.Addr{IPNet: ipNet(p)}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	return a
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func (r Route) through(link netlink.Link) *netlink.Route {
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(r.Destination.Masked())}
	if r.NextHop.IsValid() {
		route.Gw = r.NextHop.AsSlice()
	} else {
		route.Scope = netlink.SCOPE_LINK
	}
	return route
}

// SetGateway lets the default route of the gateway's family go by it.
func (s *Sandbox) SetGateway(name string, gateway netip.Addr) error {
	link, err := s.handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("look up %s in sandbox %s: %w", name, s.path, err)
	}
	all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if gateway.Is6() {
		all = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if err := s.handle.RouteReplace(Route{Destination: all, NextHop: gateway}.through(link)); err != nil {
		return fmt.Errorf("gateway %s in sandbox %s: %w", gateway, s.path, err)
	}
	return nil
}

// Expel moves a link back to the process's namespace, down and under its old
// name. One that is gone is fine.
func (s *Sandbox) Expel(name, old string) error {
	link, err := s.handle.LinkByName(name)
	if missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up %s in sandbox %s: %w", name, s.path, err)
	}
	home, err := netns.GetFromPath("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("own network namespace: %w", err)
	}
	defer func() { _ = home.Close() }()
	if home.Equal(s.ns) {
		return s.rename(link, old)
	}
	if err := errors.Join(s.rename(link, old), s.handle.LinkSetNsFd(link, int(home))); err != nil {
		return fmt.Errorf("take %s out of sandbox %s: %w", name, s.path, err)
	}
	return nil
}

func (s *Sandbox) rename(link netlink.Link, old string) error {
	if err := s.handle.LinkSetDown(link); err != nil {
		return err
	}
	return s.handle.LinkSetName(link, old)
}
