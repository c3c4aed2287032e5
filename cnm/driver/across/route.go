// SPDX-License-Identifier: Apache-2.0

package across

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
)

// The numbers of rules and tables, by which they are known as ours.
const (
	preference = 27635       // of all rules: after the table of what is local, before the main one
	firstTable = 0x6c73_0000 // and the index of a bridge's link
	lastTable  = 0x6c73_ffff // beyond which no table is ours
	routeProto = 0x6c        // who made a route (rtnetlink(7), rtm_protocol)
	tableMask  = lastTable - firstTable
)

// route brings rules and tables to the ways, and no others. A way whose bridge is not
// there leads nowhere until it is brought again.
func route(ctx context.Context, ways []Way, out, mtu int) error {
	rules, err := netns.Dump(ctx, func() ([]netlink.Rule, error) { return netlink.RuleList(netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("list rules: %w", err)
	}
	wanted := make(map[string]int, len(ways)) // table by bridge
	var errs []error
	for _, w := range ways {
		bridge, err := kernel.Find(w.Bridge)
		if err != nil || bridge == nil {
			errs = append(errs, err)
			continue
		}
		wanted[w.Bridge] = firstTable + bridge.Attrs().Index&tableMask
		errs = append(errs, routes(ctx, wanted[w.Bridge], w.To, out, mtu))
	}
	there := make(map[string]bool)
	for i := range rules {
		r := &rules[i]
		switch table, ok := wanted[r.IifName]; {
		case r.Priority != preference || r.Table < firstTable || r.Table > lastTable:
		case ok && table == r.Table && !there[r.IifName]:
			there[r.IifName] = true
		default:
			errs = append(errs, unrule(r))
			if !tableWanted(wanted, r.Table) {
				errs = append(errs, routes(ctx, r.Table, nil, out, mtu))
			}
		}
	}
	for bridge, table := range wanted {
		if !there[bridge] {
			errs = append(errs, rule(bridge, table))
		}
	}
	return errors.Join(errs...)
}

func tableWanted(wanted map[string]int, table int) bool {
	for _, t := range wanted {
		if t == table {
			return true
		}
	}
	return false
}

func rule(bridge string, table int) error {
	r := netlink.NewRule()
	r.Family, r.Priority, r.IifName, r.Table = netlink.FAMILY_V4, preference, bridge, table
	if err := netlink.RuleAdd(r); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("rule for bridge %s: %w", bridge, err)
	}
	return nil
}

func unrule(r *netlink.Rule) error {
	r.Family = netlink.FAMILY_V4
	if err := netlink.RuleDel(r); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the rule for bridge %s: %w", r.IifName, err)
	}
	return nil
}

// routes has a table lead just these subnets to the link.
func routes(ctx context.Context, table int, to []netip.Prefix, out, mtu int) error {
	have, err := netns.Dump(ctx, func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	var errs []error
	for i := range have {
		r := &have[i]
		if p, ok := prefixOf(r.Dst); !ok || !slices.Contains(to, p) {
			if err := netlink.RouteDel(r); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, fmt.Errorf("remove the route to %s: %w", r.Dst, err))
			}
		}
	}
	hop, _ := behind()
	for _, p := range to {
		err := netlink.RouteReplace(&netlink.Route{
			LinkIndex: out, Dst: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())},
			Gw: hop, Flags: int(netlink.FLAG_ONLINK), Table: table, MTU: mtu, MTULock: true, Protocol: routeProto,
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("route to %s by %s: %w", p, Link, err))
		}
	}
	return errors.Join(errs...)
}

func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits), ok
}
