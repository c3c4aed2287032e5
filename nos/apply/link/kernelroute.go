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
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// Protocol is what routes that this package makes bear as their origin (rtnetlink(7),
// rtm_protocol): a number that nobody has in iproute2's table rt_protos.
const Protocol netlink.RouteProtocol = 108

// routes returns the routes of ours that the kernel has.
func (k kernel) routes(ctx context.Context) (routes, error) {
	list, err := k.own(ctx)
	if err != nil {
		return nil, err
	}
	all := routes{}
	for _, r := range list {
		t := targetOf(r)
		if r.Type == unix.RTN_BLACKHOLE {
			all.add(t, netip.Addr{}, false)
			continue
		}
		for _, hop := range gateways(r) {
			all.add(t, hop, true)
		}
	}
	return all, nil
}

func (k kernel) own(ctx context.Context) ([]netlink.Route, error) {
	list, err := netns.Dump(ctx, func() ([]netlink.Route, error) {
		return k.handle.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Protocol: Protocol, Table: unix.RT_TABLE_MAIN},
			netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	return list, nil
}

func targetOf(r netlink.Route) target {
	if r.Dst == nil {
		any := netip.IPv4Unspecified()
		if r.Family == netlink.FAMILY_V6 {
			any = netip.IPv6Unspecified()
		}
		return target{netip.PrefixFrom(any, 0), r.Priority}
	}
	ip, _ := netip.AddrFromSlice(r.Dst.IP)
	bits, _ := r.Dst.Mask.Size()
	return target{netip.PrefixFrom(ip.Unmap(), bits), r.Priority}
}

func gateways(r netlink.Route) hops {
	var all hops
	add := func(ip net.IP) {
		if hop, ok := netip.AddrFromSlice(ip); ok {
			all = append(all, hop.Unmap())
		}
	}
	add(r.Gw)
	for _, n := range r.MultiPath {
		add(n.Gw)
	}
	return all
}

// become makes the kernel's routes of ours those that are wanted. A route that the
// kernel does not take, because an interface has just gone, is left out: the next
// change of an interface brings it.
func (k kernel) become(ctx context.Context, want routes) error {
	list, err := k.own(ctx)
	if err != nil {
		return err
	}
	have, err := k.routes(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, r := range list {
		t := targetOf(r)
		if h, stays := want[t]; !stays || !replaceable(r, have[t], h) {
			wrong = append(wrong, ignoring(k.handle.RouteDel(&r), unix.ESRCH))
			delete(have, t)
		}
	}
	for _, t := range want.sorted() {
		if was, there := have[t]; there && slices.Equal(was, want[t]) {
			continue
		}
		if err := k.handle.RouteReplace(routeOf(t, want[t])); !unreachable(err) {
			wrong = append(wrong, explained(t, err))
		}
	}
	return errors.Join(wrong...)
}

// replaceable says whether a route can be made another one in place: not a black hole of
// one with routers, and of IPv6 not one with other routers, which would come to them.
func replaceable(r netlink.Route, have, want hops) bool {
	if len(want) == 0 != (r.Type == unix.RTN_BLACKHOLE) {
		return false
	}
	return r.Family != netlink.FAMILY_V6 || slices.Equal(have, want)
}

func explained(t target, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("route %s: %w", t, err)
}

func ignoring(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// unreachable says that the kernel knows no way to a router now.
func unreachable(err error) bool {
	return errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ENETDOWN) || missing(err)
}

func routeOf(t target, h hops) *netlink.Route {
	r := &netlink.Route{
		Dst:      &net.IPNet{IP: t.prefix.Addr().AsSlice(), Mask: net.CIDRMask(t.prefix.Bits(), t.prefix.Addr().BitLen())},
		Priority: t.metric, Protocol: Protocol, Table: unix.RT_TABLE_MAIN,
	}
	switch len(h) {
	case 0:
		r.Type = unix.RTN_BLACKHOLE
	case 1:
		r.Gw = h[0].AsSlice()
	default:
		for _, hop := range h {
			r.MultiPath = append(r.MultiPath, &netlink.NexthopInfo{Gw: hop.AsSlice()})
		}
	}
	return r
}
