// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Leg is one direction of a route on one chassis: a flow. Both ends are
// attached, and one of them on the chassis.
type Leg struct {
	Network   *linkspan.Network // of From
	ToNetwork *linkspan.Network // of To; most often the same
	From, To  *linkspan.Endpoint
	Transport linkspan.Transport // between their chassis
	On        linkspan.ChassisID
}

// local says whether the leg begins and ends on its chassis.
func (l *Leg) local() bool { return l.From.Chassis == l.To.Chassis }

// arrives says whether the leg begins on the other chassis.
func (l *Leg) arrives() bool { return l.From.Chassis != l.On }

// place returns where the leg's flow stands.
func (l *Leg) place() (table uint8, priority uint16) {
	switch {
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
	return Leg{l.ToNetwork, l.Network, l.To, l.From, l.Transport, l.On}
}

// match fills m with the leg's match, no wider than the pair that was decided.
func (l *Leg) match(m *openflow.Match) {
	m.Reg(regNetwork, uint32(l.register()))
	if l.arrives() {
		m.Reg(regSender, uint32(l.From.Chassis))
	}
	m.EthType(ethIPv4).IPv4Src(l.From.Address).IPv4Dst(l.To.Address)
}

// Actions appends what is done to a packet of the leg. Between chassis each of
// the two counts as a hop.
func (l *Leg) Actions(a openflow.Actions) openflow.Actions {
	if l.local() {
		return a.SetMAC(openflow.FieldEthSrc, RouterMAC()).
			SetMAC(openflow.FieldEthDst, l.To.MAC).Output(l.To.Port, 0)
	}
	if l.arrives() {
		return a.DecTTL().SetMAC(openflow.FieldEthSrc, RouterMAC()).
			SetMAC(openflow.FieldEthDst, l.To.MAC).Output(l.To.Port, 0)
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

// legActions is room enough for a leg's actions, in bytes; legInstructions for
// its instructions.
const (
	legActions      = 8 + 16 + 16 + 16
	legInstructions = 8 + legActions
)

// idle returns the timeout in seconds: the shorter one of two networks.
func (l *Leg) idle() uint16 { return uint16(min(l.Network.Idle, l.ToNetwork.Idle).Seconds()) }

// cookie returns the cookie of a flow plugged in round r; both directions have
// the same.
func (l *Leg) cookie(r Round) Cookie {
	return NewCookie(KindRoute, r, uint64(linkspan.RouteIDBetween(l.Network.ID, l.From.Address, l.ToNetwork.ID, l.To.Address)))
}

// append appends the message that plugs the leg.
func (l *Leg) append(b []byte, xid uint32, c Cookie) []byte {
	var m openflow.Match
	var acts [legActions]byte
	var list [legInstructions]byte
	l.match(&m)
	mod := openflow.FlowMod{
		Cookie: uint64(c), Command: openflow.FlowAdd,
		IdleTimeout: l.idle(), Flags: openflow.FlowSendRemoved, Match: m.View(),
		Instructions: openflow.Instructions(list[:0]).Apply(l.Actions(acts[:0])),
	}
	mod.TableID, mod.Priority = l.place()
	return mod.Append(b, xid)
}
