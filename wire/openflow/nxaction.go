// SPDX-License-Identifier: Apache-2.0

package openflow

// NiciraAction is the subtype of one of Open vSwitch's own actions
// (ovs-actions(7)).
type NiciraAction uint16

// The Nicira actions that this package encodes or names.
const (
	NXResubmit        NiciraAction = 1
	NXRegMove         NiciraAction = 6
	NXRegLoad         NiciraAction = 7
	NXNote            NiciraAction = 8
	NXResubmitTable   NiciraAction = 14
	NXOutputReg       NiciraAction = 15
	NXLearn           NiciraAction = 16
	NXDecTTL          NiciraAction = 18
	NXController      NiciraAction = 20
	NXDecTTLIDs       NiciraAction = 21
	NXOutputReg2      NiciraAction = 32
	NXRegLoad2        NiciraAction = 33
	NXConjunction     NiciraAction = 34
	NXCT              NiciraAction = 35
	NXNAT             NiciraAction = 36
	NXController2     NiciraAction = 37
	NXCTClear         NiciraAction = 43
	NXResubmitTableCT NiciraAction = 44
	NXLearn2          NiciraAction = 45
)

// nxHeaderLen is the length of the header of a Nicira action.
const nxHeaderLen = 10

// nicira appends the header of a Nicira action of n bytes.
func (a Actions) nicira(s NiciraAction, n int) Actions {
	return append(a, 0xff, 0xff, byte(n>>8), byte(n),
		0, 0, Nicira>>8, Nicira&0xff, byte(s>>8), byte(s))
}

// nxFinish pads the Nicira action that starts at start and writes its length.
func (a Actions) nxFinish(start int) Actions {
	a = pad8(a, start)
	put16(a, start+2, uint16(len(a)-start))
	return a
}

// Resubmit searches the current table again as if the packet had come in by
// port. Use PortInPort to leave it as it is. Ports have 16 bits here.
func (a Actions) Resubmit(port uint32) Actions {
	a = a16(a.nicira(NXResubmit, 16), port16(port))
	return appendZero(a, 4)
}

// ResubmitTable searches another table, then comes back and goes on with the
// next action. Port as for Resubmit.
func (a Actions) ResubmitTable(port uint32, table uint8) Actions {
	a = a16(a.nicira(NXResubmitTable, 16), port16(port))
	return append(a, table, 0, 0, 0)
}

// port16 maps a port number to the 16 bits of the older actions; reserved
// numbers keep their meaning.
func port16(p uint32) uint16 { return uint16(p) }

// Move copies the bits of src to dst; both must have the same number of bits.
func (a Actions) Move(src, dst Subfield) Actions {
	start := len(a)
	a = a16(a16(a16(a.nicira(NXRegMove, 24), src.Bits), src.Ofs), dst.Ofs)
	a = src.Field.header(a, false)
	return Actions(dst.Field.header(a, false)).nxFinish(start)
}

// Load sets the bits of dst to the lowest bits of v. The field must have a
// 4-byte header (no experimenter's).
func (a Actions) Load(dst Subfield, v uint64) Actions {
	a = a16(a.nicira(NXRegLoad, 24), ofsBits(dst))
	return a64(dst.Field.header(a, false), v)
}

// ofsBits packs a subfield of 1 to 64 bits as the older actions do.
func ofsBits(s Subfield) uint16 { return s.Ofs<<6 | (s.Bits-1)&0x3f }

// LoadMasked sets those bits of a field that mask has, for fields of any
// length. With a nil mask all bits are set.
func (a Actions) LoadMasked(f Field, value, mask []byte) Actions {
	start := len(a)
	f = f&^0xff | Field(len(value))
	a = f.header(a.nicira(NXRegLoad2, 0), mask != nil)
	return Actions(append(append(a, value...), mask...)).nxFinish(start)
}

// OutputReg sends the packet out of the port whose number a subfield holds.
// maxLen as for Output.
func (a Actions) OutputReg(src Subfield, maxLen uint16) Actions {
	a = a16(a.nicira(NXOutputReg, 24), ofsBits(src))
	a = a16(src.Field.header(a, false), maxLen)
	return appendZero(a, 6)
}

// DecTTLIDs decrements as DecTTL does, and sends a packet whose TTL would
// become 0 to the controllers with these ids (see SetControllerID).
func (a Actions) DecTTLIDs(ids ...uint16) Actions {
	start := len(a)
	a = a16(a.nicira(NXDecTTLIDs, 0), uint16(len(ids)))
	a = appendZero(a, 4)
	for _, id := range ids {
		a = a16(a, id)
	}
	return a.nxFinish(start)
}

// Conjunction makes the flow clause number clause (counted from 0) of n in the
// conjunctive match id. A flow has nothing else beside conjunctions and notes.
func (a Actions) Conjunction(id uint32, clause, n uint8) Actions {
	return a32(append(a.nicira(NXConjunction, 16), clause, n), id)
}

// Note does nothing; it carries up to 65000 bytes for whoever reads the flow.
// Zero bytes fill it up to a multiple of 8 after 6.
func (a Actions) Note(text []byte) Actions {
	start := len(a)
	return Actions(append(a.nicira(NXNote, 0), text...)).nxFinish(start)
}

// CTClear takes the conntrack state off the packet.
func (a Actions) CTClear() Actions { return appendZero(a.nicira(NXCTClear, 16), 6) }
