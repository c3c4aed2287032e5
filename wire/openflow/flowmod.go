// SPDX-License-Identifier: Apache-2.0

package openflow

// FlowModCommand says what a FlowMod does (spec 7.3.4.1).
type FlowModCommand uint8

// The commands of FlowMod. The strict forms mean the one flow of exactly this
// match and priority, the others every flow that the match covers.
const (
	FlowAdd FlowModCommand = iota
	FlowModify
	FlowModifyStrict
	FlowDelete
	FlowDeleteStrict
)

// FlowFlags are the flags of a flow.
type FlowFlags uint16

// The flags of FlowMod and FlowStats.
const (
	FlowSendRemoved FlowFlags = 1 << iota
	FlowCheckOverlap
	FlowResetCounts
	FlowNoPacketCounts
	FlowNoByteCounts
)

// FlowMod adds, changes or deletes flows (spec 7.3.4.1). The zero value adds a
// flow that matches everything and drops it to table 0 with priority 0.
type FlowMod struct {
	Cookie      uint64
	CookieMask  uint64 // modify and delete only flows with these cookie bits
	TableID     uint8
	Command     FlowModCommand
	IdleTimeout uint16 // seconds, 0 for none
	HardTimeout uint16 // seconds, 0 for none
	Priority    uint16
	OutPort     uint32 // delete only flows with this output, 0 for any
	OutGroup    uint32 // delete only flows with this group, 0 for any
	Flags       FlowFlags
	// Match and Instructions are views of what the caller built or, after
	// Decode, of the message.
	Match        MatchView
	Instructions Instructions
}

// flowModLen is the length in bytes of the fixed part.
const flowModLen = 40

// wildOut returns the number on the wire of a filter by port or group, where
// none is all ones. So port 0 does not exist and group 0 cannot be asked for.
func wildOut(n uint32) uint32 {
	if n == 0 {
		return PortAny
	}
	return n
}

// anyOut is the inverse of wildOut.
func anyOut(n uint32) uint32 {
	if n == PortAny {
		return 0
	}
	return n
}

// Append appends the message. The buffer id is always NoBuffer.
func (f *FlowMod) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = begin(b, TypeFlowMod, xid)
	b = a64(a64(b, f.Cookie), f.CookieMask)
	b = append(b, f.TableID, byte(f.Command),
		byte(f.IdleTimeout>>8), byte(f.IdleTimeout),
		byte(f.HardTimeout>>8), byte(f.HardTimeout),
		byte(f.Priority>>8), byte(f.Priority),
		0xff, 0xff, 0xff, 0xff)
	b = a32(a32(b, wildOut(f.OutPort)), wildOut(f.OutGroup))
	b = append(b, byte(f.Flags>>8), byte(f.Flags), 0, 0)
	b = appendMatch(b, f.Match)
	return finish(append(b, f.Instructions...), start)
}

// Decode reads a FLOW_MOD. Match and Instructions become views of m.
func (f *FlowMod) Decode(m Message) error {
	b, err := m.expect(TypeFlowMod, flowModLen)
	if err != nil {
		return err
	}
	*f = FlowMod{
		Cookie: u64(b, 0), CookieMask: u64(b, 8),
		TableID: b[16], Command: FlowModCommand(b[17]),
		IdleTimeout: u16(b, 18), HardTimeout: u16(b, 20), Priority: u16(b, 22),
		OutPort: anyOut(u32(b, 28)), OutGroup: anyOut(u32(b, 32)), Flags: FlowFlags(u16(b, 36)),
	}
	f.Match, f.Instructions, err = decodeMatch(b[flowModLen:])
	return err
}
