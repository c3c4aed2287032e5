// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// AppendDeny appends the message that drops packets like p for DenySeconds, on
// the chassis that it came from. The flow matches what d rests on and no more.
func AppendDeny(b []byte, xid uint32, r Round, p *decide.Packet, d *decide.Decision) []byte {
	var m openflow.Match
	table := tableRoute
	m.Reg(regNetwork, uint32(p.Network))
	if p.Arrived() {
		table = tableDeliver
		m.Reg(regSender, uint32(p.Sender))
	}
	f := familyOf(p.Source)
	m.EthType(f.ethType)
	from, to := netip.PrefixFrom(p.Source, p.Source.BitLen()), netip.PrefixFrom(p.Destination, p.Destination.BitLen())
	switch {
	case !d.Outside.IsValid():
	case p.Entered():
		table, from = tableEnter, d.Outside
	default:
		to = d.Outside
	}
	if d.BySource {
		m.Prefix(f.src, from)
	}
	if d.ByDestination {
		m.Prefix(f.dst, to)
	}
	there, _ := d.Counted()
	mod := openflow.FlowMod{
		TableID: table, Priority: priorityDeny, Match: m.View(),
	}
	return appendDrop(b, xid, &mod, NewCookie(KindDeny, r, uint64(p.Network)).By(numberOf(there)))
}

// appendDrop appends the message that plugs a denial. What counts for a policy is told
// of when it goes: nobody else keeps its counters.
func appendDrop(b []byte, xid uint32, mod *openflow.FlowMod, c Cookie) []byte {
	mod.Cookie, mod.Command, mod.HardTimeout = uint64(c), openflow.FlowAdd, DenySeconds
	mod.Instructions = drop()
	if c.Policy() != 0 {
		mod.Flags = openflow.FlowSendRemoved
	}
	return mod.Append(b, xid)
}

// AppendDenyClass appends the message that drops for DenySeconds, in the direction
// of p, what is of the class of connections that d denies between two endpoints and of
// the protocol of p: what opens them, or what goes on in those that are not allowed
// any more. Of stray segments of TCP those are dropped that have the same two readings and
// whose ports tell the same of them, and none that open a connection.
func AppendDenyClass(b []byte, xid uint32, r Round, p *decide.Packet, d *decide.Decision) []byte {
	leg := LegOf(d, p.Chassis)
	var m openflow.Match
	leg.match(&m)
	state, c := ctTracked, d.Class
	if d.Reply {
		state = ctReply
	}
	if p.Begins {
		state |= openflow.CTNew
	}
	if c.Protocol == 0 {
		c = decide.ClassOf(p.Protocol)
	}
	m.CTState(state, ctPlaced|openflow.CTNew)
	switch {
	case p.Stray():
		c = c.Half(p.DestinationPort)
		answer := d.Answer.Half(p.SourcePort)
		m.CTPortSrc(answer.Port, answer.Mask())
		matchOpening(&m, false)
	case p.Begins && p.Protocol == decide.ProtocolTCP:
		matchOpening(&m, true)
	}
	matchClass(&m, c)
	table, _ := leg.place()
	mod := openflow.FlowMod{
		TableID: trackedAfter(table), Priority: priorityDenyClass, Match: m.View(),
	}
	return appendDrop(b, xid, &mod, NewCookie(KindDeny, r, uint64(p.Network)).By(numberOf(d.Policy)))
}

// AppendDenyLate appends the message that drops for DenySeconds, against the leg's direction,
// what by its ports is a late answer in a connection of UDP of a class that may not be opened
// any more: it would open one in the other direction. Who still sends after that time does so by
// himself.
func AppendDenyLate(b []byte, xid uint32, r Round, leg *Leg, c decide.Class) []byte {
	low, high := decide.Halves()
	if c.Bits == 0 {
		c = decide.BlockOf(decide.ProtocolUDP, low.Port, low.Bits)
	}
	if !low.Contains(low.Protocol, c.Port) {
		return b
	}
	back := leg.back()
	var m openflow.Match
	back.match(&m)
	m.CTState(states[Opens].value, states[Opens].mask)
	matchClass(&m, decide.BlockOf(decide.ProtocolUDP, high.Port, high.Bits))
	m.CTPortSrc(c.Port, c.Mask())
	table, _ := back.place()
	mod := openflow.FlowMod{TableID: trackedAfter(table), Priority: priorityDenyClass, Match: m.View()}
	return appendDrop(b, xid, &mod, NewCookie(KindDeny, r, uint64(back.register())))
}

// matchOpening adds to m that it is about segments of TCP that ask for a connection, or
// that ask for none.
func matchOpening(m *openflow.Match, opens bool) {
	const syn = uint16(decide.FlagSYN)
	flags := uint16(0)
	if opens {
		flags = syn
	}
	m.IPProto(decide.ProtocolTCP).TCPFlagBits(flags, syn)
}
