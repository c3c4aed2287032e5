// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// nobodys are addresses that no host outside has, or that mean no single one: of this
// network, of a host itself, of groups, reserved and all (RFC 6890); of IPv6 also those
// of a link. What hosts of IPv6 alone know those of IPv4 by (RFC 6052) is none of them.
var nobodys = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/10"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

// outside says whether an address, seen from an attached endpoint, is one outside of
// all networks: nobody's that any network holds, or the gateway's of its own, which
// stands for the host that it is on.
func outside(v *view.View, e *linkspan.Endpoint, a netip.Addr) bool {
	if n := v.Network(e.Network); n != nil && n.IsGateway(a) {
		return true
	}
	_, sight := v.Find(e, a)
	return sight == view.Nowhere
}

// Width returns the widest prefix around an address outside of which all addresses are
// the same to decisions about endpoints of a network.
func Width(v *view.View, n *linkspan.Network, a netip.Addr) netip.Prefix {
	if n.IsGateway(a) {
		return netip.PrefixFrom(a, a.BitLen())
	}
	p := v.Around(a)
	bits := p.Bits()
	for _, cut := range nobodys {
		if cut.Addr().Is4() == a.Is4() {
			bits = max(bits, apart(a, cut))
		}
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// apart returns how many bits a prefix around an address must have for a cut not to
// lie in it.
func apart(a netip.Addr, cut netip.Prefix) int {
	bits := 0
	for netip.PrefixFrom(a, bits).Contains(cut.Addr()) && bits < cut.Bits() {
		bits++
	}
	return bits
}

// leaves decides about a packet to an address outside of all networks; it is settled
// when there is no way out of the packet's.
func leaves(v *view.View, p *Packet, d *Decision) bool {
	d.across, d.asked = true, *p
	d.Outside = Width(v, d.Network, p.Destination)
	d.rests(d.Source.Network, d.Source.Address, d.Source)
	if reason := closed(d.Network, p.Destination); reason != NoReason {
		d.ByDestination = true
		return d.settle(Deny, reason)
	}
	d.Destination = linkspan.OutsideEnd(d.Network.ID, p.Chassis, p.Destination)
	return false
}

// closed says why there is no way between a network and an address outside.
func closed(n *linkspan.Network, a netip.Addr) Reason {
	switch {
	case n.Internal, n.Driver == linkspan.Bridge: // which has its own way out, beside the fabric
		return NoWayOut
	case slices.ContainsFunc(nobodys[:], func(p netip.Prefix) bool { return p.Contains(a) }):
		return NobodysAddress
	}
	return NoReason
}

// enters finds both ends of a packet that the host's stack hands to an endpoint. The
// tables have found the endpoint; what fails of that raced with a change and is
// ignored.
func enters(v *view.View, p *Packet, d *Decision) bool {
	d.across, d.asked = true, *p
	to := v.Endpoint(view.Key{Network: p.Network, Address: p.Destination})
	switch {
	case to == nil || !to.Attached() || to.Chassis != p.Chassis:
		return d.settle(Ignore, MisplacedDestination)
	case closed(d.Network, p.Source) != NoReason:
		return d.settle(Ignore, closed(d.Network, p.Source))
	}
	d.Destination, d.Outside = to, Width(v, d.Network, p.Source)
	d.rests(to.Network, to.Address, to)
	if !outside(v, to, p.Source) {
		d.Outside = netip.PrefixFrom(p.Source, p.Source.BitLen())
		d.BySource, d.generation = true, generation(v)
		return d.settle(Deny, HeldSource)
	}
	d.Source = linkspan.OutsideEnd(d.Network.ID, p.Chassis, p.Source)
	return false
}

// wayOut allows what goes out of a network that is not internal, and what comes in: of
// the latter the host's stack hands over what ports are published for, and replies.
func wayOut(_ *view.View, _ *Packet, d *Decision) (Verdict, bool) {
	if !d.Outside.IsValid() {
		return Ignore, false
	}
	d.Reason = WayOut
	return Allow, true
}

// sameEnd says whether two decisions have the same end.
func sameEnd(a, b *linkspan.Endpoint) bool {
	if a == nil || b == nil || !a.Outside() || !b.Outside() {
		return a == b
	}
	return a.Network == b.Network && a.Address == b.Address && a.Chassis == b.Chassis
}

// Beyond decides about a packet of an attached endpoint to an address outside, or with
// comes from there to it, as Between does about two endpoints. The verdict is Allow
// only if the address is one outside.
func (m *Memo) Beyond(v *view.View, e *linkspan.Endpoint, a netip.Addr, comes bool) Decision {
	p := Packet{
		pair: true, Chassis: e.Chassis, Port: e.Port, Network: e.Network,
		Source: e.Address, Destination: a, TTL: freshTTL,
	}
	if comes {
		p.Port, p.Source, p.Destination = linkspan.GatewayPort, a, e.Address
	}
	var d Decision
	m.Decide(v, &p, &d)
	if d.Verdict == Allow && !d.Outside.IsValid() {
		d.whole()
		d.Verdict, d.Reason = Deny, NetworkHolds
	}
	return d
}
