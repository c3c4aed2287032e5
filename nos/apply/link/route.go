// SPDX-License-Identifier: Apache-2.0

package link

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan/nos/tree"
)

// managementMetric is the metric of the routes to the management's gateways: greater than
// any distance, so that a static route goes before them.
const managementMetric = 256

// target is what a static route is told from others by: what it reaches, and its
// distance, which is its metric in the kernel.
type target struct {
	prefix netip.Prefix
	metric int
}

// hops is where the packets of a route go: to routers, sorted, among which they are
// divided; without one nowhere.
type hops []netip.Addr

// routes are static routes. A route without hops is a black hole.
type routes map[target]hops

// staticRoutes returns those of a configuration.
func staticRoutes(t *tree.Tree) routes {
	all := routes{}
	for e := range root(t).Child("routes").Entries() {
		prefix, err := netip.ParsePrefix(e.Key()[0])
		if err != nil {
			continue // the schema has seen to it
		}
		metric, _ := strconv.Atoi(e.Get("distance"))
		hop, err := netip.ParseAddr(e.Key()[1])
		all.add(target{prefix, metric}, hop, err == nil)
	}
	for _, text := range management(root(t)).Child("gateway").Values() {
		if hop, err := netip.ParseAddr(text); err == nil {
			all.add(target{everything(hop), managementMetric}, hop, true)
		}
	}
	return all
}

// add adds a router, or a black hole, which gives way to any router.
func (r routes) add(t target, hop netip.Addr, router bool) {
	h := r[t]
	if router && !slices.Contains(h, hop) {
		h = append(slices.Clone(h), hop)
		slices.SortFunc(h, netip.Addr.Compare)
	}
	r[t] = h
}

// everything is the prefix of all addresses of an address's family.
func everything(a netip.Addr) netip.Prefix {
	if a.Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// active returns the routes that can be in the kernel: with the routers that are in a prefix
// of an interface that is up, and black holes.
func (r routes) active(connected []netip.Prefix) routes {
	all := routes{}
	for t, h := range r {
		if len(h) == 0 {
			all[t] = nil
			continue
		}
		var near hops
		for _, hop := range h {
			if slices.ContainsFunc(connected, func(p netip.Prefix) bool { return p.Contains(hop) }) {
				near = append(near, hop)
			}
		}
		if near != nil {
			all[t] = near
		}
	}
	return all
}

func (r routes) sorted() []target {
	return slices.SortedFunc(maps.Keys(r), func(a, b target) int {
		return cmp.Or(a.prefix.Compare(b.prefix), cmp.Compare(a.metric, b.metric))
	})
}

func (h hops) String() string {
	if len(h) == 0 {
		return "blackhole"
	}
	texts := make([]string, len(h))
	for i, hop := range h {
		texts[i] = hop.String()
	}
	return strings.Join(texts, ",")
}

// path is where a route is in the configuration.
func (t target) path(h hops) []string {
	if t.metric == managementMetric {
		return []string{"system", "management", "gateway"}
	}
	path := []string{"routes", t.prefix.String()}
	if len(h) < 2 {
		path = append(path, h.String())
	}
	return path
}

func (t target) String() string { return fmt.Sprintf("%s metric %d", t.prefix, t.metric) }

// differ says, for people, what makes one set of routes of another.
func (r routes) differ(from routes) []string {
	var steps []string
	for _, t := range from.sorted() {
		if _, stays := r[t]; !stays {
			steps = append(steps, fmt.Sprintf("remove route %s via %s", t, from[t]))
		}
	}
	for _, t := range r.sorted() {
		if was, there := from[t]; !there || !slices.Equal(was, r[t]) {
			steps = append(steps, fmt.Sprintf("set route %s via %s", t, r[t]))
		}
	}
	return steps
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
