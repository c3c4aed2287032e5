// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// strays sends up, from a table behind connection tracking and before any class, the
// segments of TCP that came in at a port, ask for no connection and are of none that is
// known, unless their ports say that they are from who opened: by the class that they
// would open alone nothing may be decided about the others. Those go the way of what
// opens, as they would if there were no controller.
func strays(o owner, f family, table uint8, port uint32, m Meter) []Flow {
	low, high := decide.Halves()
	flow := func(from, to decide.Class) Flow {
		of := match().InPort(port).EthType(f.ethType)
		matchStray(of, from, to)
		return o.flow(table, priorityStray, of, punt(m))
	}
	return []Flow{flow(low, low), flow(decide.ClassOf(decide.ProtocolTCP), high)}
}

// matchStray adds to m that it is about stray segments from some ports to others. Later
// fragments show no flags.
func matchStray(m *openflow.Match, from, to decide.Class) {
	const laterBit = 2
	m.CTState(states[Opens].value, states[Opens].mask).UintMasked(openflow.FieldIPFrag, 0, laterBit)
	matchOpening(m, false)
	matchClass(m, to)
	m.CTPortSrc(from.Port, from.Mask())
}

// AppendStrays appends the message that lets stray segments through in the leg's
// direction, on one of the chassis of a tracked pair: those to a class of ports, from
// another, each no wider than a half of all. They do not make their connections known, as
// that might turn one round, and what is turned round would outlive the permission for it.
func AppendStrays(b []byte, xid uint32, r Round, leg *Leg, to, from decide.Class) []byte {
	var w work
	mod := w.strays(leg, to, from)
	mod.Cookie = uint64(leg.cookie(KindTracked, r))
	return mod.Append(b, xid)
}

// strays is mod for the flow of AppendStrays.
func (w *work) strays(l *Leg, to, from decide.Class) openflow.FlowMod {
	w.match.Reset()
	l.match(&w.match)
	matchStray(&w.match, from, to)
	table, place := l.place()
	return openflow.FlowMod{
		Command: openflow.FlowAdd, TableID: trackedAfter(table), Priority: strayPriority(place),
		IdleTimeout: l.idle(), Flags: openflow.FlowSendRemoved, Match: w.match.View(),
		Instructions: openflow.Instructions(w.list[:0]).Apply(l.Actions(l.mark(KindTracked, Strays).append(w.acts[:0]))),
	}
}

// The flows of AppendStrays stand above what sends such segments up, and below denials; among
// each other as classes do.
func strayPriority(place uint16) uint16 { return priorityStray + place/10 }

// strayPlace returns the priority that classes of the same leg have; ok is false for one
// that strayPriority does not give.
func strayPlace(priority uint16) (place uint16, ok bool) {
	return (priority - priorityStray) * 10, priority > priorityStray && priority < priorityDenyClass
}

// straysOf reads from a match what work.strays made.
func straysOf(m openflow.MatchView) (to, from decide.Class, ok bool) {
	to, ok = classOf(m)
	port, mask, has := m.Lookup(openflow.FieldCTPortSrc)
	from = decide.BlockOf(decide.ProtocolTCP, uint16(number(port)), blockBits(mask))
	_, _, flags := m.Lookup(openflow.FieldTCPFlags)
	return to, from, ok && has && flags && to.Protocol == decide.ProtocolTCP && to.Bits > 0 && from.Bits > 0
}
