// SPDX-License-Identifier: Apache-2.0

package openflow

// Move decodes a move action.
func (a Action) Move() (src, dst Subfield, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXRegMove || len(b) < 14 {
		return src, dst, false
	}
	n := u16(b, 0)
	var so, do OXM
	rest, ok := so.bare(b[6:])
	if !ok {
		return src, dst, false
	}
	if _, ok = do.bare(rest); !ok {
		return src, dst, false
	}
	return Subfield{so.Field, u16(b, 2), n}, Subfield{do.Field, u16(b, 4), n}, true
}

// bare reads a header that no value follows.
func (o *OXM) bare(b []byte) (rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	h := u32(b, 0)
	o.Field = Field(h &^ 0x100)
	if h>>16 != classExperimenter {
		return b[4:], true
	}
	if len(b) < 8 || b[3] < 4 {
		return nil, false
	}
	o.Field = Field(u32(b, 4))<<32 | o.Field - 4
	return b[8:], true
}

// Load decodes a load action.
func (a Action) Load() (dst Subfield, v uint64, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXRegLoad || len(b) < 14 {
		return dst, 0, false
	}
	return subfield(b), u64(b, 6), true
}

// subfield decodes 16 bits of place and the 4-byte header behind them.
func subfield(b []byte) Subfield {
	at := u16(b, 0)
	return Subfield{Field(u32(b, 2) &^ 0x100), at >> 6, at&0x3f + 1}
}

// LoadMasked decodes the action that Actions.LoadMasked appends.
func (a Action) LoadMasked() (o OXM, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXRegLoad2 {
		return o, false
	}
	_, err := o.Next(b)
	return o, err == nil
}

// OutputReg decodes an output to the port that a subfield holds.
func (a Action) OutputReg() (src Subfield, maxLen uint16, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXOutputReg || len(b) < 14 {
		return src, 0, false
	}
	return subfield(b), u16(b, 6), true
}

// Resubmit decodes both forms of resubmit; table is NoTable for the current one.
func (a Action) Resubmit() (port uint32, table uint8, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || len(b) < 6 {
		return 0, 0, false
	}
	switch s {
	case NXResubmit:
		return port32(u16(b, 0)), NoTable, true
	case NXResubmitTable, NXResubmitTableCT:
		return port32(u16(b, 0)), b[2], true
	}
	return 0, 0, false
}

// port32 is the inverse of port16.
func port32(p uint16) uint32 {
	if p >= uint16(PortMax&0xffff) {
		return PortMax | uint32(p)
	}
	return uint32(p)
}

// Conjunction decodes a conjunction; clause is counted from 0.
func (a Action) Conjunction() (id uint32, clause, n uint8, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXConjunction || len(b) < 6 {
		return 0, 0, 0, false
	}
	return u32(b, 2), b[0], b[1], true
}

// DecTTLIDs decodes a decrement that names controllers.
func (a Action) DecTTLIDs() (ids []uint16, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXDecTTLIDs || len(b) < 6 || 6+2*int(u16(b, 0)) > len(b) {
		return nil, false
	}
	for i := range int(u16(b, 0)) {
		ids = append(ids, u16(b, 6+2*i))
	}
	return ids, true
}

// Note decodes a note, the zero bytes that fill it up included.
func (a Action) Note() (text []byte, ok bool) {
	s, ok := a.Nicira()
	if !ok || s != NXNote {
		return nil, false
	}
	return a.nxBody(), true
}
