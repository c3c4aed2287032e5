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
// go another way.
func moved(old, next *view.View, d *view.Delta) (pairs []view.Pair, networks []linkspan.NetworkID) {
	candidates := d.PathPairs()
	for _, c := range d.Chassis {
		if c.Old == nil || c.New == nil || c.Old.InSite() != c.New.InSite() {
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

// addBetween adds the pairs that share a network and are in the two sites of a
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

// addNeighbours adds the pairs of a chassis with those that it shares a network
// with and that which picks.
func addNeighbours(pairs map[view.Pair]bool, v *view.View, id linkspan.ChassisID, which func(linkspan.ChassisID) bool) {
	for network := range v.Present(id) {
		for other := range v.Members(network) {
			if other != id && which(other) {
				pairs[view.PairOf(id, other)] = true
			}
		}
	}
}

// changesWay says whether the packets of a network that both chassis have go
// another way, or not any more, or for the first time.
func changesWay(old, next *view.View, pair view.Pair) bool {
	for id := range next.Present(pair.A) {
		before, now := old.Network(id), next.Network(id)
		if before == nil || now == nil || !next.Member(id, pair.B) {
			continue
		}
		x, why := decide.Transport(old, before, pair.A, pair.B)
		y, because := decide.Transport(next, now, pair.A, pair.B)
		if x != y || x == "" && why != because {
			return true
		}
	}
	return false
}

// flushPair deletes the flows on one chassis that have an end on another: those
// that the index knows.
func (h *Hub) flushPair(on, other linkspan.ChassisID) {
	d := h.datapath(on)
	if d == nil {
		return
	}
	keys := slices.Collect(h.index.between(h.view.Load().Attached(other), on))
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
