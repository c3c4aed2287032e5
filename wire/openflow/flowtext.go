// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// String renders the instructions as the actions column of ovs-ofctl
// dump-flows; an empty list is "drop".
func (l Instructions) String() string {
	var parts []string
	for _, t := range [...]InstructionType{InstructionMeter, InstructionApplyActions,
		InstructionClearActions, InstructionWriteActions, InstructionWriteMetadata,
		InstructionGotoTable} {
		for i := range l.All() {
			if i.Type() == t {
				parts = append(parts, i.String())
			}
		}
	}
	if len(parts) == 0 {
		return "drop"
	}
	return strings.Join(parts, ",")
}

// String renders the instruction.
func (i Instruction) String() string {
	switch i.Type() {
	case InstructionMeter:
		return fmt.Sprintf("meter:%d", u32(i, 4))
	case InstructionApplyActions:
		return i.Actions().String()
	case InstructionClearActions:
		return "clear_actions"
	case InstructionWriteActions:
		return "write_actions(" + i.Actions().String() + ")"
	case InstructionGotoTable:
		return fmt.Sprintf("goto_table:%d", i[4])
	case InstructionWriteMetadata:
		v, mask, _ := i.WriteMetadata()
		if mask == ^uint64(0) {
			return fmt.Sprintf("write_metadata:0x%x", v)
		}
		return fmt.Sprintf("write_metadata:0x%x/0x%x", v, mask)
	}
	return fmt.Sprintf("instruction_%d", i.Type())
}

// String renders the flow as a line of ovs-ofctl dump-flows.
func (f *FlowStats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cookie=0x%x, duration=%d.%03ds, table=%d, n_packets=%d, n_bytes=%d, ",
		f.Cookie, f.DurationSec, f.DurationNsec/1e6, f.TableID, f.Packets, f.Bytes)
	if f.IdleTimeout != 0 {
		fmt.Fprintf(&b, "idle_timeout=%d, ", f.IdleTimeout)
	}
	if f.HardTimeout != 0 {
		fmt.Fprintf(&b, "hard_timeout=%d, ", f.HardTimeout)
	}
	if f.Flags&FlowSendRemoved != 0 {
		b.WriteString("send_flow_rem ")
	}
	b.WriteString(flowText(f.Priority, f.Match, f.Instructions))
	return b.String()
}

// defaultPriority is not printed, as ovs-ofctl does not.
const defaultPriority = 32768

// flowText renders priority, match and actions.
func flowText(priority uint16, m MatchView, l Instructions) string {
	match := m.String()
	if priority != defaultPriority {
		match = strings.TrimSuffix(fmt.Sprintf("priority=%d,%s", priority, match), ",")
	}
	return strings.TrimPrefix(match+" actions="+l.String(), " ")
}

var flowCommands = [...]string{"ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT"}

// String renders the message for people.
func (f *FlowMod) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s table:%d ", nameOf(flowCommands[:], int(f.Command)), f.TableID)
	if f.Cookie != 0 || f.CookieMask != 0 {
		fmt.Fprintf(&b, "cookie:0x%x/0x%x ", f.Cookie, f.CookieMask)
	}
	if f.IdleTimeout != 0 {
		fmt.Fprintf(&b, "idle:%d ", f.IdleTimeout)
	}
	if f.HardTimeout != 0 {
		fmt.Fprintf(&b, "hard:%d ", f.HardTimeout)
	}
	b.WriteString(flowText(f.Priority, f.Match, f.Instructions))
	return b.String()
}
