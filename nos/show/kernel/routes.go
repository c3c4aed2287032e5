// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/show"
)

func neighbours(_ context.Context, args []string) (show.Report, error) {
	links, err := only(args)
	if err != nil {
		return show.Report{}, err
	}
	t := show.Table{Name: "neighbours", Columns: []string{"address", "mac", "interface", "state"}}
	for _, l := range links {
		list, err := netlink.NeighList(l.Attrs().Index, netlink.FAMILY_ALL)
		if err != nil {
			return show.Report{}, fmt.Errorf("list neighbours of %s: %w", l.Attrs().Name, err)
		}
		slices.SortFunc(list, func(a, b netlink.Neigh) int { return compareAddresses(a.IP, b.IP) })
		for _, n := range list {
			if n.IP == nil || n.IP.IsMulticast() || n.State&unix.NUD_NOARP != 0 {
				continue
			}
			t.Rows = append(t.Rows, []any{n.IP.String(), n.HardwareAddr.String(), l.Attrs().Name, neighbourState(n.State)})
		}
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

func compareAddresses(a, b net.IP) int {
	if four := a.To4(); (four == nil) != (b.To4() == nil) {
		if four != nil {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.To16(), b.To16())
}

// neighbourState is the kernel's word for a state of an entry (rtnetlink(7)).
func neighbourState(state int) string {
	for _, s := range []struct {
		bit  int
		name string
	}{
		{unix.NUD_PERMANENT, "permanent"}, {unix.NUD_REACHABLE, "reachable"}, {unix.NUD_STALE, "stale"}, {unix.NUD_DELAY, "delay"},
		{unix.NUD_PROBE, "probe"}, {unix.NUD_INCOMPLETE, "incomplete"}, {unix.NUD_FAILED, "failed"},
	} {
		if state&s.bit != 0 {
			return s.name
		}
	}
	return "none"
}

func routes(context.Context, []string) (show.Report, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return show.Report{}, fmt.Errorf("list interfaces: %w", err)
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	t := show.Table{Name: "routes", Columns: []string{"destination", "next_hop", "interface", "metric", "origin"}}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		list, err := netlink.RouteList(nil, family)
		if err != nil {
			return show.Report{}, fmt.Errorf("list routes: %w", err)
		}
		for _, r := range list {
			t.Rows = append(t.Rows, routeRows(r, names, family)...)
		}
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

// everything says that a route is for all addresses of its family.
func everything(dst *net.IPNet) bool {
	if dst == nil {
		return true
	}
	ones, _ := dst.Mask.Size()
	return ones == 0 && dst.IP.IsUnspecified()
}

// routeRows returns a row for each way of a route.
func routeRows(r netlink.Route, names map[int]string, family int) [][]any {
	destination := "default"
	switch {
	case !everything(r.Dst):
		destination = r.Dst.String()
	case family == netlink.FAMILY_V6:
		destination = "default (IPv6)"
	}
	hop := func(ip net.IP, index int) []any {
		via := any("direct")
		switch {
		case ip != nil:
			via = ip.String()
		case r.Type == unix.RTN_BLACKHOLE:
			via = "blackhole"
		case r.Type == unix.RTN_UNREACHABLE || r.Type == unix.RTN_PROHIBIT:
			via = "refused"
		}
		return []any{destination, via, names[index], r.Priority, r.Protocol.String()}
	}
	if len(r.MultiPath) == 0 {
		return [][]any{hop(r.Gw, r.LinkIndex)}
	}
	var rows [][]any
	for _, way := range r.MultiPath {
		rows = append(rows, hop(way.Gw, way.LinkIndex))
	}
	return rows
}
