// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Otherwise returns what becomes of a packet of which no policy speaks, and why:
// within one network it passes, between two that share a group, and between a network
// that is not internal and what is outside.
func Otherwise(v *view.View, from, to view.Party) (linkspan.PolicyAction, Reason) {
	if from.Endpoint == nil || to.Endpoint == nil {
		return outwards(v, from.Endpoint, to.Endpoint)
	}
	a, b := from.Endpoint.Network, to.Endpoint.Network
	switch {
	case a == b:
		return linkspan.PolicyAllow, SameNetwork
	case v.Shares(a, b) != nil:
		return linkspan.PolicyAllow, SharedGroup
	}
	return linkspan.PolicyDeny, NotGrouped
}

// outwards is Otherwise where one of the two, or each, is nil: outside.
func outwards(v *view.View, from, to *linkspan.Endpoint) (linkspan.PolicyAction, Reason) {
	if from == nil {
		from = to
	}
	if from == nil {
		return linkspan.PolicyDeny, NothingAllows
	}
	if n := v.Network(from.Network); n == nil || n.Internal {
		return linkspan.PolicyDeny, NoWayOut
	}
	return linkspan.PolicyAllow, WayOut
}

// Linked returns what is decided about two parties before policies are asked, and why: by
// a link, or as no way leads out of an internal network. ok is false when nothing is.
func Linked(v *view.View, from, to view.Party) (action linkspan.PolicyAction, why Reason, ok bool) {
	if from.Endpoint == nil || to.Endpoint == nil {
		return 0, NoReason, false
	}
	d := Decision{Source: from.Endpoint, Destination: to.Endpoint}
	if d.Network, d.DestinationNetwork = v.Network(d.Source.Network), v.Network(d.Destination.Network); d.Network == nil || d.DestinationNetwork == nil {
		return 0, NoReason, false
	}
	switch verdict, said := link(v, nil, &d); {
	case !said && d.leaves():
		return linkspan.PolicyDeny, InternalNetwork, true
	case !said:
		return 0, NoReason, false
	case verdict == Allow:
		return linkspan.PolicyAllow, d.Reason, true
	}
	return linkspan.PolicyDeny, d.Reason, true
}
