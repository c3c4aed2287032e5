// SPDX-License-Identifier: Apache-2.0

package openflow

import "iter"

// InstructionType is the type of an instruction (spec 7.2.4).
type InstructionType uint16

// The instruction types of OpenFlow 1.3.
const (
	InstructionGotoTable InstructionType = iota + 1
	InstructionWriteMetadata
	InstructionWriteActions
	InstructionApplyActions
	InstructionClearActions
	InstructionMeter
	InstructionExperimenter InstructionType = 0xffff
)

// Instructions is a list of encoded instructions, built as Actions is. A flow
// has at most one of each type; a switch executes them in the order meter,
// apply, clear, write, metadata, goto, whatever the order in the list.
type Instructions []byte

// GotoTable continues in a table with a greater number.
func (l Instructions) GotoTable(table uint8) Instructions {
	return append(l, 0, byte(InstructionGotoTable), 0, 8, table, 0, 0, 0)
}

// WriteMetadata sets those bits of the metadata that mask has.
func (l Instructions) WriteMetadata(value, mask uint64) Instructions {
	l = append(l, 0, byte(InstructionWriteMetadata), 0, 24, 0, 0, 0, 0)
	return a64(a64(l, value), mask)
}

// Apply executes actions at once, in their order.
func (l Instructions) Apply(a Actions) Instructions {
	return l.withActions(InstructionApplyActions, a)
}

// Write merges actions into the action set, executed after the last table.
func (l Instructions) Write(a Actions) Instructions {
	return l.withActions(InstructionWriteActions, a)
}

// Clear empties the action set.
func (l Instructions) Clear() Instructions { return l.withActions(InstructionClearActions, nil) }

// Meter applies a meter, which may drop the packet, before everything else.
func (l Instructions) Meter(id uint32) Instructions {
	return append(l, 0, byte(InstructionMeter), 0, 8,
		byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
}

// withActions appends an instruction that holds actions.
func (l Instructions) withActions(t InstructionType, a Actions) Instructions {
	n := 8 + len(a)
	l = append(l, byte(t>>8), byte(t), byte(n>>8), byte(n), 0, 0, 0, 0)
	return append(l, a...)
}

// All yields the instructions in order and ends at a malformed one.
func (l Instructions) All() iter.Seq[Instruction] {
	return func(yield func(Instruction) bool) {
		for b := []byte(l); len(b) > 0; {
			one, rest, err := nextTLV(b)
			if err != nil || !yield(one) {
				return
			}
			b = rest
		}
	}
}

// Applied returns the actions of the apply-actions instruction, nil if there is
// none.
func (l Instructions) Applied() Actions {
	for i := range l.All() {
		if i.Type() == InstructionApplyActions {
			return i.Actions()
		}
	}
	return nil
}

// Check returns the error of the first malformed instruction or action in one.
func (l Instructions) Check() error {
	for b := []byte(l); len(b) > 0; {
		one, rest, err := nextTLV(b)
		if err != nil {
			return err
		}
		if err := Instruction(one).Actions().Check(); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// Instruction is a view of one encoded instruction.
type Instruction []byte

// Type returns the type.
func (i Instruction) Type() InstructionType { return InstructionType(u16(i, 0)) }

// Body returns what follows type and length.
func (i Instruction) Body() []byte { return i[4:] }

// Actions returns the actions of an apply, write or clear instruction.
func (i Instruction) Actions() Actions {
	switch i.Type() {
	case InstructionApplyActions, InstructionWriteActions, InstructionClearActions:
		return Actions(i[8:])
	}
	return nil
}

// GotoTable decodes goto-table.
func (i Instruction) GotoTable() (table uint8, ok bool) {
	return i[4], i.Type() == InstructionGotoTable
}

// Meter decodes meter.
func (i Instruction) Meter() (id uint32, ok bool) {
	return u32(i, 4), i.Type() == InstructionMeter
}

// WriteMetadata decodes write-metadata.
func (i Instruction) WriteMetadata() (value, mask uint64, ok bool) {
	if i.Type() != InstructionWriteMetadata || len(i) < 24 {
		return 0, 0, false
	}
	return u64(i, 8), u64(i, 16), true
}
