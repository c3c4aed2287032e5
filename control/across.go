// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// twoNetworks is a pair of networks, the lower number first.
type twoNetworks struct{ a, b linkspan.NetworkID }

// flushGroups deletes the flows between networks that share a group no more, which it
// adds to flushed, and the denials between those that do now. Networks that share
// another group are left alone.
func (h *Hub) flushGroups(old, next *view.View, d *view.Delta, flushed networks) {
	for pair := range regrouped(d) {
		was, is := old.Shares(pair.a, pair.b) != nil, next.Shares(pair.a, pair.b) != nil
		if was == is {
			continue
		}
		h.flushBetween(pair.a, pair.b, old, next, is)
		h.flushBetween(pair.b, pair.a, old, next, is)
		if !is {
			flushed[pair.a], flushed[pair.b] = true, true
		}
	}
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
						pairs[twoNetworks{min(id, other), max(id, other)}] = true
					}
				}
			}
		}
	}
	return pairs
}

// flushBetween deletes what stands under a network and is about addresses of
// another: where the two share a group now, the denials only.
func (h *Hub) flushBetween(id, other linkspan.NetworkID, old, next *view.View, grouped bool) {
	for _, subnet := range subnetsOf(other, old, next) {
		h.onMembers(id, old, next, func(b []byte) []byte {
			if grouped {
				return pipeline.AppendForgetSubnet(b, 0, id, subnet)
			}
			return pipeline.AppendUnplugSubnet(b, 0, id, subnet)
		})
	}
}

// subnetsOf returns the subnet that a network has, and the one that it had.
func subnetsOf(id linkspan.NetworkID, views ...*view.View) (subnets []netip.Prefix) {
	for _, v := range views {
		if n := v.Network(id); n != nil && !slices.Contains(subnets, n.Subnet) {
			subnets = append(subnets, n.Subnet)
		}
	}
	return subnets
}
