// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// transport chooses the way between two chassis. Packets of two sites, and
// those of a network that must be direct and cannot be, have none.
func transport(v *view.View, _ *Packet, d *Decision) bool {
	d.Transport, d.Way = TransportAcross(v, d.Network, d.DestinationNetwork, d.Source.Chassis, d.Destination.Chassis)
	if d.Transport != "" {
		return false
	}
	d.whole()
	d.BySource, d.ByDestination = true, true
	return d.settle(Deny, d.Way)
}

// Transport returns how packets of a network go between two chassis, and why
// so; the transport is empty when they may not. It is the same in both
// directions.
func Transport(v *view.View, n *linkspan.Network, a, b linkspan.ChassisID) (linkspan.Transport, Reason) {
	return TransportAcross(v, n, n, a, b)
}

// TransportAcross is Transport for packets from one network to another: they go
// directly only where those of each may.
func TransportAcross(v *view.View, n, m *linkspan.Network, a, b linkspan.ChassisID) (linkspan.Transport, Reason) {
	if a == b {
		return linkspan.Local, NoReason
	}
	if !v.Clear(a, b) {
		return "", SitesApart
	}
	why := indirect(v, n, a, b)
	if why == NoReason && m != n {
		why = indirect(v, m, a, b)
	}
	switch {
	case why == NoReason:
		return linkspan.Direct, NoReason
	case n.Transport == linkspan.Direct || m.Transport == linkspan.Direct:
		return "", why
	}
	return linkspan.Tunnel, why
}

// indirect says why packets of a network cannot go directly between two chassis.
func indirect(v *view.View, n *linkspan.Network, a, b linkspan.ChassisID) Reason {
	switch {
	case n.Transport == linkspan.Tunnel:
		return TunnelWanted
	case v.Overlaps(n.ID):
		return NetworkOverlaps
	case v.Chassis(a).InSite() != v.Chassis(b).InSite():
		return OtherSite
	case !v.Path(a, b):
		return NoPath
	}
	return NoReason
}

// MayBeDirect says whether packets of a network may come directly from some
// chassis.
func MayBeDirect(v *view.View, n *linkspan.Network) bool {
	return n.Transport != linkspan.Tunnel && !v.Overlaps(n.ID)
}
