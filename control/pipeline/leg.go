// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Leg is one direction of a route on one chassis: a flow. Both ends are
// attached, of one address family, and one of them on the chassis.
type Leg struct {
	Network   *linkspan.Network // of From
	ToNetwork *linkspan.Network // of To; most often the same
	From, To  *linkspan.Endpoint
	Transport linkspan.Transport // between their chassis
	On        linkspan.ChassisID
	// Outside is set where one end is a linkspan.OutsideEnd: the leg is for all of
	// these addresses, and that end's is one of them.
	Outside netip.Prefix
	// Policy is for which policy the leg's packets count, Back that for which those of the
	// other direction do; 0: none. Of a class both are the one that decides about it.
	Policy, Back linkspan.PolicyID
}

// local says whether the leg begins and ends on its chassis.
func (l *Leg) local() bool { return l.From.Chassis == l.To.Chassis }

// arrives says whether the leg begins on the other chassis.
func (l *Leg) arrives() bool { return l.From.Chassis != l.On }

// place returns where the leg's flow stands.
func (l *Leg) place() (table uint8, priority uint16) {
	switch {
	case l.From.Outside():
		return tableEnter, priorityOutside
	case l.To.Outside():
		return tableRoute, priorityOutside
	case l.local():
		return tableRoute, priorityLocal
	case l.arrives():
		return tableDeliver, priorityRemote
	}
	return tableRoute, priorityRemote
}

// register returns the network that a packet of the leg is of on its chassis: the
// source's where it starts, the destination's where it arrives.
func (l *Leg) register() linkspan.NetworkID {
	if l.arrives() {
		return l.ToNetwork.ID
	}
	return l.Network.ID
}

// back returns the other direction.
func (l *Leg) back() Leg {
	return Leg{l.ToNetwork, l.Network, l.To, l.From, l.Transport, l.On, l.Outside, l.Back, l.Policy}
}

// prefixOf returns the addresses of one of the ends.
func (l *Leg) prefixOf(end *linkspan.Endpoint) netip.Prefix {
	if end.Outside() {
		return l.Outside
	}
	return netip.PrefixFrom(end.Address, end.Address.BitLen())
}

// match fills m with the leg's match, no wider than what was decided.
func (l *Leg) match(m *openflow.Match) {
	m.Reg(regNetwork, uint32(l.register()))
	if l.arrives() {
		m.Reg(regSender, uint32(l.From.Chassis))
	}
	within(m, l.prefixOf(l.From), l.prefixOf(l.To))
}

// Actions appends what is done to a packet of the leg. Between chassis each of
// the two counts as a hop; on the way out the host's stack does.
func (l *Leg) Actions(a openflow.Actions) openflow.Actions {
	if l.To.Outside() {
		from := linkspan.PassMAC(l.From.Port, l.Network.IsGateway(l.To.Address))
		return a.SetMAC(openflow.FieldEthSrc, from).SetMAC(openflow.FieldEthDst, l.To.MAC).Output(l.To.Out(), 0)
	}
	if l.local() {
		return a.SetMAC(openflow.FieldEthSrc, RouterMAC()).
			SetMAC(openflow.FieldEthDst, l.To.MAC).Output(l.To.Out(), 0)
	}
	if l.arrives() {
		return a.DecTTL().SetMAC(openflow.FieldEthSrc, RouterMAC()).
			SetMAC(openflow.FieldEthDst, l.To.MAC).Output(l.To.Out(), 0)
	}
	src, dst, port := l.leave()
	return a.DecTTL().SetMAC(openflow.FieldEthSrc, src).SetMAC(openflow.FieldEthDst, dst).Output(port, 0)
}

// leave returns the addresses under which a packet leaves the chassis for
// another, and the port.
func (l *Leg) leave() (src, dst linkspan.MAC, port uint32) {
	if l.Transport == linkspan.Direct {
		return l.On.DirectMAC(), l.To.Chassis.DirectMAC(), linkspan.DirectPort
	}
	return SenderMAC(l.On, l.ToNetwork.ID), l.To.Chassis.TunnelMAC(), linkspan.TunnelPort
}

// legActions is room enough for a leg's actions, in bytes, with what commits a
// connection before them; legInstructions for its instructions.
const (
	legActions      = 24 + 8 + 16 + 16 + 16
	legInstructions = 8 + markLen + legActions
)

// idle returns the timeout in seconds: the shorter one of two networks.
func (l *Leg) idle() uint16 { return uint16(min(l.Network.Idle, l.ToNetwork.Idle).Seconds()) }

// cookie returns the cookie of a flow of a kind plugged in round r; both directions
// have the same, but for the policies for which they count.
func (l *Leg) cookie(k Kind, r Round) Cookie {
	from, to := l.prefixOf(l.From).Addr(), l.prefixOf(l.To).Addr()
	return NewCookie(k, r, uint64(linkspan.RouteIDBetween(l.Network.ID, from, l.ToNetwork.ID, to)))
}

// append appends the message that plugs the leg as one of a whole route.
func (l *Leg) append(b []byte, xid uint32, c Cookie) []byte {
	var w work
	mod := w.mod(l, KindRoute, Whole, decide.Class{})
	mod.Cookie = uint64(c)
	return mod.Append(b, xid)
}

// Carries says whether packets of a protocol may be between the leg's ends: each family
// of addresses has an ICMP of its own.
func (l *Leg) Carries(protocol uint8) bool {
	return !linkspan.Typed(protocol) || (protocol == linkspan.ProtocolICMP6) == l.From.Address.Is6()
}
