// SPDX-License-Identifier: Apache-2.0

package openflow

// MeterCommand says what a MeterMod does (spec 7.3.4.4).
type MeterCommand uint16

// The commands of MeterMod.
const (
	MeterAdd MeterCommand = iota
	MeterModify
	MeterDelete // deletes the flows that use the meter, too
)

// MeterFlags are the flags of a meter.
type MeterFlags uint16

// The flags of a meter. MeterWithBurst makes Burst of its bands count; without it
// Open vSwitch allows one second of the rate.
const (
	MeterInKbps  MeterFlags = 1 << iota // rates in kbit/s
	MeterInPktps                        // rates in packets/s
	MeterWithBurst
	MeterWithStats
)

// MeterBandType is the type of a band.
type MeterBandType uint16

// The band types; Open vSwitch knows MeterDrop only.
const (
	MeterDrop       MeterBandType = 1
	MeterDSCPRemark MeterBandType = 2
)

// MeterBand is what happens above a rate (spec 7.3.4.4).
type MeterBand struct {
	Type      MeterBandType
	Rate      uint32 // kbit/s or packets/s, see the meter's flags
	Burst     uint32 // kbit or packets
	PrecLevel uint8  // of MeterDSCPRemark: how many drop precedences to add
}

// meterBandLen is the length in bytes of a band.
const meterBandLen = 16

// MeterMod adds, changes or deletes a meter (spec 7.3.4.4).
type MeterMod struct {
	Command MeterCommand
	Flags   MeterFlags
	MeterID uint32
	Bands   []MeterBand
}

// Append appends the message.
func (m *MeterMod) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a16(begin(b, TypeMeterMod, xid), uint16(m.Command))
	b = a32(a16(b, uint16(m.Flags)), m.MeterID)
	return finish(appendBands(b, m.Bands), start)
}

// Decode reads a METER_MOD.
func (m *MeterMod) Decode(msg Message) error {
	b, err := msg.expect(TypeMeterMod, 8)
	if err != nil {
		return err
	}
	m.Command, m.Flags, m.MeterID = MeterCommand(u16(b, 0)), MeterFlags(u16(b, 2)), u32(b, 4)
	m.Bands, err = decodeBands(m.Bands[:0], b[8:])
	return err
}

// appendBands appends bands of 16 bytes each.
func appendBands(b []byte, bands []MeterBand) []byte {
	for i := range bands {
		band := &bands[i]
		b = a16(a16(b, uint16(band.Type)), meterBandLen)
		b = append(a32(a32(b, band.Rate), band.Burst), 0, 0, 0, 0)
		if band.Type == MeterDSCPRemark {
			b[len(b)-4] = band.PrecLevel
		}
	}
	return b
}

// decodeBands appends the bands of b to list.
func decodeBands(list []MeterBand, b []byte) ([]MeterBand, error) {
	for len(b) > 0 {
		tlv, rest, err := nextTLV(b)
		if err != nil {
			return list, err
		}
		if len(tlv) < meterBandLen {
			return list, ErrLength
		}
		band := MeterBand{Type: MeterBandType(u16(tlv, 0)), Rate: u32(tlv, 4), Burst: u32(tlv, 8)}
		if band.Type == MeterDSCPRemark {
			band.PrecLevel = tlv[12]
		}
		list, b = append(list, band), rest
	}
	return list, nil
}
