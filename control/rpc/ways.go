// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"cmp"
	"slices"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// maxPairs bounds how many pairs of chassis of one way are named.
const maxPairs = 64

// overlaid is the way of packets of an overlay network.
const overlaid linkspan.Transport = "overlay"

// way returns how packets of a network go between two chassis, and why so.
func way(v *view.View, n *linkspan.Network, a, b linkspan.ChassisID) (linkspan.Transport, decide.Reason) {
	switch {
	case n.Driver.Routed():
		return decide.Transport(v, n, a, b)
	case v.Clear(a, b):
		return overlaid, decide.NoReason
	}
	return "", decide.SitesApart
}

// members returns the chassis that have joined endpoints of a network, by number.
func members(v *view.View, id linkspan.NetworkID) []linkspan.ChassisID {
	if n := v.Network(id); n != nil && n.Driver.Is(linkspan.Overlay) {
		return slices.Sorted(v.OverlayMembers(id))
	}
	return slices.Sorted(v.Members(id))
}

// ways says how packets of a network go between the chassis that have endpoints
// of it, grouped by the reason, the most frequent first.
func ways(v *view.View, id linkspan.NetworkID) []*apiv1.Way {
	n := v.Network(id)
	if n == nil {
		return nil
	}
	type kind struct {
		transport linkspan.Transport
		reason    decide.Reason
	}
	groups := make(map[kind]*apiv1.Way)
	var all []*apiv1.Way
	on := members(v, id)
	for i, a := range on {
		for _, b := range on[i+1:] {
			var k kind
			k.transport, k.reason = way(v, n, a, b)
			w := groups[k]
			if w == nil {
				w = &apiv1.Way{Transport: string(k.transport), Reason: k.reason.String()}
				groups[k], all = w, append(all, w)
			}
			w.Count++
			if w.Count <= maxPairs {
				w.Pairs = append(w.Pairs, &apiv1.Pair{A: v.ChassisName(a), B: v.ChassisName(b)})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y *apiv1.Way) int { return cmp.Compare(y.Count, x.Count) })
	return all
}
