// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// moved returns the pairs of chassis between which some network's packets go
// another way from one View to the next, and the networks whose packets may all
// go another way. With policies, by which any two may have routes, known returns the
// pairs between which there may be some.
func moved(old, next *view.View, d *view.Delta, known func(*view.View) map[view.Pair]bool) (pairs []view.Pair, networks []linkspan.NetworkID) {
	candidates := d.PathPairs()
	sites := slices.ContainsFunc(d.Chassis, changesSite)
	if (sites || len(d.Clearances) > 0) && (old.CountPolicies() > 0 || next.CountPolicies() > 0) {
		for pair := range known(next) {
			if mayMove(next, d, pair) {
				candidates[pair] = true
			}
		}
	}
	for _, c := range d.Chassis {
		if changesSite(c) {
			addNeighbours(candidates, old, c.Any().ID, func(linkspan.ChassisID) bool { return true })
		}
	}
	for _, c := range d.Clearances {
		addBetween(candidates, next, c.Any())
	}
	for pair := range candidates {
		if changesWay(old, next, pair) {
			pairs = append(pairs, pair)
		}
	}
	slices.SortFunc(pairs, func(x, y view.Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	for _, id := range d.Overlaps {
		if n := next.Network(id); n != nil && old.Network(id) != nil && n.Transport != linkspan.Tunnel {
			networks = append(networks, id)
		}
	}
	return pairs, networks
}

// changesSite says whether a chassis is in another site than before.
func changesSite(c view.Changed[linkspan.Chassis]) bool {
	return c.Old == nil || c.New == nil || c.Old.InSite() != c.New.InSite()
}

// mayMove says whether one of a pair is in another site than before, or something changed
// between the sites of both.
func mayMove(v *view.View, d *view.Delta, pair view.Pair) bool {
	if slices.ContainsFunc(d.Chassis, func(c view.Changed[linkspan.Chassis]) bool {
		return changesSite(c) && (c.Any().ID == pair.A || c.Any().ID == pair.B)
	}) {
		return true
	}
	a, b := v.Chassis(pair.A), v.Chassis(pair.B)
	return a != nil && b != nil && slices.ContainsFunc(d.Clearances, func(c view.Changed[linkspan.Clearance]) bool {
		sites := linkspan.ClearanceOf(a.InSite(), b.InSite())
		return sites.A == c.Any().A && sites.B == c.Any().B
	})
}

// addBetween adds the pairs that may have routes and are in the two sites of a
// clearance.
func addBetween(pairs map[view.Pair]bool, v *view.View, c *linkspan.Clearance) {
	for chassis := range v.AllChassis() {
		if chassis.InSite() == c.A {
			addNeighbours(pairs, v, chassis.ID, func(id linkspan.ChassisID) bool {
				o := v.Chassis(id)
				return o != nil && o.InSite() == c.B
			})
		}
	}
}

// addNeighbours adds the pairs of a chassis with those that it may have routes with
// and that which picks, whatever policies allow: those that have endpoints of its
// networks, or of networks that share a group with one of these, or that a link leads to.
func addNeighbours(pairs map[view.Pair]bool, v *view.View, id linkspan.ChassisID, which func(linkspan.ChassisID) bool) {
	members := func(network linkspan.NetworkID) {
		for other := range v.Members(network) {
			if other != id && which(other) {
				pairs[view.PairOf(id, other)] = true
			}
		}
	}
	for network := range v.Present(id) {
		members(network)
		for grouped := range v.Grouped(network) {
			members(grouped)
		}
	}
	for l := range v.Links() {
		for _, ends := range [2][2]linkspan.LinkEnd{{l.A, l.B}, {l.B, l.A}} {
			if other := ends[1].Chassis; ends[0].Chassis == id && other != id && which(other) {
				pairs[view.PairOf(id, other)] = true
			}
		}
	}
}

// changesWay says whether the packets of a network that both chassis have go
// another way, or not any more, or for the first time; or those from a network of
// the one to another of the other, where groups, links or policies may allow them. It
// costs a look at each network of both, and one at each pair of manners, of which there
// are few.
func changesWay(old, next *view.View, pair view.Pair) bool {
	here := make(map[manner]linkspan.NetworkID) // that may talk with others
	for id := range next.Present(pair.A) {
		m, both := mannerOf(old, next, id)
		if !both {
			continue
		}
		if next.Member(id, pair.B) && changesWayBetween(old, next, pair, id, id) {
			return true
		}
		if len(next.GroupsOf(id)) > 0 || next.AnyLinks() || next.CountPolicies() > 0 {
			here[m] = id
		}
	}
	if len(here) == 0 {
		return false
	}
	there := make(map[manner]linkspan.NetworkID)
	for id := range next.Present(pair.B) {
		if m, both := mannerOf(old, next, id); both {
			there[m] = id
		}
	}
	for _, id := range here {
		for _, other := range there {
			if changesWayBetween(old, next, pair, id, other) {
				return true
			}
		}
	}
	return false
}

// manner is what of a network decides about the way of its packets, in two Views.
type manner struct {
	was, is             linkspan.Transport
	overlapped, overlap bool
}

// mannerOf returns that; both is false for a network that is not in both Views.
func mannerOf(old, next *view.View, id linkspan.NetworkID) (m manner, both bool) {
	before, now := old.Network(id), next.Network(id)
	if before == nil || now == nil {
		return m, false
	}
	return manner{before.Transport, now.Transport, old.Overlaps(id), next.Overlaps(id)}, true
}

// changesWayBetween is changesWay for packets between two networks of both Views.
func changesWayBetween(old, next *view.View, pair view.Pair, a, b linkspan.NetworkID) bool {
	x, why := decide.TransportAcross(old, old.Network(a), old.Network(b), pair.A, pair.B)
	y, because := decide.TransportAcross(next, next.Network(a), next.Network(b), pair.A, pair.B)
	return x != y || x == "" && why != because
}

// flushPair deletes the flows on one chassis that have an end on another: those
// that the index knows.
func (h *Hub) flushPair(on, other linkspan.ChassisID) {
	d := h.datapath(on)
	if d == nil {
		return
	}
	var keys []view.Key
	for key, network := range h.index.between(h.view.Load().Attached(other), on) {
		keys = append(keys, view.Key{Network: network, Address: key.Address})
	}
	if len(keys) == 0 {
		return
	}
	b := d.session.Begin()
	for _, key := range keys {
		b = pipeline.AppendUnplug(b, 0, key)
	}
	d.session.End(b)
	h.counters.Flushed.Add(uint64(len(keys)))
}
