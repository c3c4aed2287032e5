// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// twoNetworks is a pair of networks, the lower number first.
type twoNetworks struct{ a, b linkspan.NetworkID }

func pairOfNetworks(a, b linkspan.NetworkID) twoNetworks { return twoNetworks{min(a, b), max(a, b)} }

// flushGroups deletes the flows between networks that share a group no more, which it
// adds to flushed, and the denials of all that came to share one or ceased to. Networks
// that share another group are left alone. It costs a message for each of the networks
// on each chassis, and two for each place where the index knows of routes that end.
func (h *Hub) flushGroups(old, next *view.View, d *view.Delta, flushed networks) {
	parted, touched := make(map[twoNetworks]bool), make(networks)
	for pair := range regrouped(d) {
		was, is := old.Shares(pair.a, pair.b) != nil, next.Shares(pair.a, pair.b) != nil
		if was == is {
			continue
		}
		touched[pair.a], touched[pair.b] = true, true
		if was {
			parted[pair] = true
			flushed[pair.a], flushed[pair.b] = true, true
		}
	}
	for _, id := range touched.sorted() {
		h.onMembers(id, old, next, func(b []byte) []byte { return pipeline.AppendForgetNetwork(b, 0, id) })
	}
	h.flushParted(parted, old, next)
	for _, p := range d.Presence {
		if p.Present && len(next.GroupsOf(p.Network)) > 0 {
			h.forgetDenials(p.Chassis, p.Network)
		}
	}
}

// forgetDenials deletes the denials of a network on a chassis that has an endpoint of
// it again: it was not told of groups while it had none, and a denial may rest on no
// source.
func (h *Hub) forgetDenials(on linkspan.ChassisID, id linkspan.NetworkID) {
	if d := h.datapath(on); d != nil {
		d.session.End(pipeline.AppendForgetNetwork(d.session.Begin(), 0, id))
		h.counters.Flushed.Add(1)
	}
}

// regrouped returns the pairs of networks of which one came to a group of the other,
// or left it.
func regrouped(d *view.Delta) map[twoNetworks]bool {
	pairs := make(map[twoNetworks]bool)
	for _, c := range d.Groups {
		for _, side := range [2][2]*linkspan.Group{{c.Old, c.New}, {c.New, c.Old}} {
			if side[0] == nil {
				continue
			}
			for _, id := range side[0].Networks {
				if side[1] != nil && side[1].Has(id) {
					continue
				}
				for _, other := range side[0].Networks {
					if other != id {
						pairs[pairOfNetworks(id, other)] = true
					}
				}
			}
		}
	}
	return pairs
}

// flushParted deletes the routes between networks of those pairs, where the index knows
// of some.
func (h *Hub) flushParted(parted map[twoNetworks]bool, old, next *view.View) {
	crossed := h.crossed(parted, old)
	for _, at := range slices.SortedFunc(maps.Keys(crossed), place.compare) {
		d := h.datapath(at.on)
		if d == nil {
			continue
		}
		b := d.session.Begin()
		for _, other := range crossed[at].sorted() {
			for _, subnet := range subnetsOf(other, old, next) {
				b = pipeline.AppendUnplugSubnet(b, 0, at.network, subnet)
			}
		}
		d.session.End(b)
		h.counters.Flushed.Add(uint64(len(crossed[at])))
	}
}

// crossed returns where there may be routes between networks of those pairs, and for
// each place to which networks.
func (h *Hub) crossed(pairs map[twoNetworks]bool, v *view.View) map[place]networks {
	ends, on := make(networks), make(map[linkspan.ChassisID]bool)
	for pair := range pairs {
		ends[pair.a], ends[pair.b] = true, true
	}
	for id := range ends {
		for member := range v.Members(id) {
			on[member] = true
		}
	}
	at := make(map[place]networks)
	for chassis := range on {
		for e := range v.Attached(chassis) {
			if !ends[e.Network] {
				continue
			}
			for _, p := range h.index.routes(e) {
				if !pairs[pairOfNetworks(p.network, e.Network)] {
					continue
				}
				if at[p] == nil {
					at[p] = make(networks)
				}
				at[p][e.Network] = true
			}
		}
	}
	return at
}

// subnetsOf returns the subnets that a network has, and those that it had.
func subnetsOf(id linkspan.NetworkID, views ...*view.View) (subnets []netip.Prefix) {
	for _, v := range views {
		n := v.Network(id)
		if n == nil {
			continue
		}
		for _, subnet := range n.Subnets() {
			if !slices.Contains(subnets, subnet) {
				subnets = append(subnets, subnet)
			}
		}
	}
	return subnets
}
