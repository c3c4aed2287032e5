// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// work is room in which the message of one flow is made, so that nothing is
// allocated.
type work struct {
	match openflow.Match
	acts  [markLen + legActions]byte
	list  [legInstructions]byte
}

// mod returns the message that plugs a leg's flow of a kind: a whole route
// (KindRoute), what hands its packets to connection tracking or lets later fragments
// through behind it (KindTracked), or a part of a class (KindClass). It is a view of w; the cookie is left to the caller.
func (w *work) mod(l *Leg, k Kind, p Part, c decide.Class) openflow.FlowMod {
	w.match.Reset()
	l.match(&w.match)
	acts := l.mark(k, p).append(w.acts[:0])
	table, priority := l.place()
	switch {
	case k == KindTracked && p != Whole:
		table = trackedAfter(table)
		w.match.CTState(states[p].value, states[p].mask).UintMasked(openflow.FieldIPFrag, later, later)
		acts = l.through(acts, p == LaterNew)
	case k == KindTracked:
		acts = acts.CT(&openflow.CT{Zone: l.zone(), Table: trackedAfter(table)})
	case k == KindClass:
		table = trackedAfter(table)
		w.match.CTState(states[p].value, states[p].mask)
		matchClass(&w.match, c)
		acts = l.through(acts, p == Opens)
	default:
		acts = l.Actions(acts)
	}
	return openflow.FlowMod{
		Command: openflow.FlowAdd, TableID: table, Priority: priority,
		IdleTimeout: l.idle(), Flags: openflow.FlowSendRemoved, Match: w.match.View(),
		Instructions: openflow.Instructions(w.list[:0]).Apply(acts),
	}
}

// trackedAfter returns the table where tracked packets of a table of routes go on.
func trackedAfter(table uint8) uint8 {
	switch table {
	case tableDeliver:
		return tableArrived
	case tableEnter:
		return tableEntered
	}
	return tableTracked
}
