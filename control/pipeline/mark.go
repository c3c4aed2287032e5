// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// mark is how a flow that ends a packet's way shows in the datapath's cache what it is:
// as a bit of ct_zone that it reads, and no flow of another kind does. The bit is
// constant in a packet: 0 before connection tracking, behind it one of the pair's zone;
// what it is copied to is of no use.
//
// A cached flow that has not read what its packets' flow reads now is deleted, by its
// own name, and made anew. One that has is changed in place, and Open vSwitch 3.1.0
// looks for it as for a packet, so that of two that overlap the other one may be changed
// and the first stays as it was (ADR 0025). ct_zone lies beside recirc_id, which every
// cached flow matches: the marks cost no lookup any time.
type mark uint16

// The marks. Of two there is one for even numbers and, behind it, one for odd ones, so
// that half of the changes to another of the same kind are seen, too.
const (
	markPort    mark = 0  // to a port of the chassis, by its number; two
	markTunnel  mark = 2  // to another chassis, by its number; two
	markDirect  mark = 4  // the same, directly; two
	markOut     mark = 6  // to the host's stack
	markTracked mark = 8  // to connection tracking, by the zone; two
	markDrop    mark = 12 // nowhere
	markPunt    mark = 14 // to the controller, by the round, which the cached flow has; two
)

// markLen is how long a mark is, in bytes.
const markLen = 24

// of returns the mark of a number.
func (k mark) of(n uint32) mark { return k | mark(n&1) }

// append appends what reads the bit.
func (k mark) append(a openflow.Actions) openflow.Actions {
	return a.Move(openflow.FieldCTZone.Bits(uint16(k), 1), openflow.Reg(regScratch).Bits(0, 1))
}

// mark returns the mark of a leg's flow of a kind and part.
func (l *Leg) mark(k Kind, p Part) mark {
	switch {
	case k == KindTracked && p == Whole:
		return markTracked.of(uint32(l.zone()))
	case l.To.Outside():
		return markOut
	case l.local(), l.arrives():
		return markPort.of(l.To.Port)
	case l.Transport == linkspan.Direct:
		return markDirect.of(uint32(l.To.Chassis))
	}
	return markTunnel.of(uint32(l.To.Chassis))
}

// inRound returns the instructions of a static flow as they are in a round.
func inRound(l openflow.Instructions, r Round) openflow.Instructions {
	if markPunt.of(uint32(r)) == markPunt {
		return l
	}
	return bytes.Replace(l, markPunt.append(nil), markPunt.of(1).append(nil), 1)
}

// Unmarked returns the instructions of a flow of this package without what only tells it
// from others in the datapath's cache: nothing for a flow that drops.
func Unmarked(l openflow.Instructions) openflow.Instructions {
	var bare openflow.Instructions
	for i := range l.All() {
		acts := i.Actions()
		if i.Type() != openflow.InstructionApplyActions || !marks(acts) {
			bare = append(bare, i...)
		} else if rest := acts[markLen:]; len(rest) > 0 {
			bare = bare.Apply(slices.Clone(rest))
		}
	}
	return bare
}

// marks says whether actions begin with a mark.
func marks(a openflow.Actions) bool {
	for first := range a.All() {
		src, dst, ok := first.Move()
		return ok && src.Field == openflow.FieldCTZone && src.Bits == 1 && dst == openflow.Reg(regScratch).Bits(0, 1)
	}
	return false
}
