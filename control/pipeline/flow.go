// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"cmp"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Flow is a static flow: it has no timeout and follows from the View.
type Flow struct {
	Kind         Kind
	Object       uint64 // 40 bits
	Table        uint8
	Priority     uint16
	Match        openflow.MatchView
	Instructions openflow.Instructions
}

// Add returns the message that installs the flow, or replaces the flow of the
// same table, priority and match.
func (f *Flow) Add(r Round) *openflow.FlowMod {
	return &openflow.FlowMod{
		Cookie: uint64(NewCookie(f.Kind, r, f.Object)), Command: openflow.FlowAdd,
		TableID: f.Table, Priority: f.Priority, Match: f.Match, Instructions: inRound(f.Instructions, r),
	}
}

// Delete returns the message that deletes the flow of this table, priority and
// match, if it is a static one.
func (f *Flow) Delete() *openflow.FlowMod {
	return &openflow.FlowMod{
		Cookie: groupFixed, CookieMask: maskGroup, Command: openflow.FlowDeleteStrict,
		TableID: f.Table, Priority: f.Priority, Match: f.Match,
	}
}

// compare orders flows by what a switch tells them apart by.
func (f *Flow) compare(o *Flow) int {
	return cmp.Or(
		cmp.Compare(f.Table, o.Table),
		cmp.Compare(o.Priority, f.Priority),
		bytes.Compare(f.Match, o.Match),
	)
}

// same says whether o is f, to the switch and in its cookie.
func (f *Flow) same(o *Flow) bool {
	return f.compare(o) == 0 && f.Kind == o.Kind && f.Object == o.Object &&
		bytes.Equal(f.Instructions, o.Instructions)
}

// owner makes flows of one kind and object.
type owner struct {
	kind   Kind
	object uint64
}

func (o owner) flow(table uint8, priority uint16, m *openflow.Match, l openflow.Instructions) Flow {
	return Flow{o.kind, o.object, table, priority, bytes.Clone(m.View()), l}
}

// Instructions that several flows share.

func drop() openflow.Instructions { return apply(markDrop.append(nil)) }

func goTo(table uint8) openflow.Instructions { return openflow.Instructions(nil).GotoTable(table) }

func apply(a openflow.Actions) openflow.Instructions { return openflow.Instructions(nil).Apply(a) }

// punt sends the whole packet to the controller, as far as the meter lets it.
func punt(m Meter) openflow.Instructions {
	up := markPunt.append(nil).Output(openflow.PortController, openflow.MaxLenNoBuffer)
	return openflow.Instructions(nil).Meter(m.ID).Apply(up)
}

// match returns an empty match.
func match() *openflow.Match { return new(openflow.Match) }
