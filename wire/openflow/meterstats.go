// SPDX-License-Identifier: Apache-2.0

package openflow

// MeterRequest asks for the counters of a meter, MeterAll for all (spec
// 7.3.5.11), or with Config for how it is set (7.3.5.12).
type MeterRequest struct {
	MeterID uint32
	Config  bool
}

// Append appends the message.
func (r *MeterRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	t := MultipartMeter
	if r.Config {
		t = MultipartMeterConfig
	}
	b = a32(beginMultipart(b, TypeMultipartRequest, xid, t), r.MeterID)
	return finish(appendZero(b, 4), start)
}

// DecodeBody reads the body of a request; Config is left to the caller.
func (r *MeterRequest) DecodeBody(b []byte) error {
	if len(b) < 8 {
		return ErrTruncated
	}
	r.MeterID = u32(b, 0)
	return nil
}

// MeterStats counts a meter's use (spec 7.3.5.11).
type MeterStats struct {
	MeterID      uint32
	Flows        uint32
	Packets      uint64 // that came in
	Bytes        uint64
	DurationSec  uint32
	DurationNsec uint32
	Bands        []BandStats
}

// BandStats counts what a band acted on, which for MeterDrop is what it dropped.
type BandStats struct {
	Packets, Bytes uint64
}

const (
	meterStatsLen = 40
	bandStatsLen  = 16
)

// Next takes a meter off the body of a reply. Bands reuses its capacity.
func (m *MeterStats) Next(b []byte) (rest []byte, err error) {
	if len(b) < meterStatsLen {
		return nil, ErrTruncated
	}
	n := int(u16(b, 4))
	switch {
	case n < meterStatsLen || (n-meterStatsLen)%bandStatsLen != 0:
		return nil, ErrLength
	case n > len(b):
		return nil, ErrTruncated
	}
	*m = MeterStats{
		MeterID: u32(b, 0), Flows: u32(b, 12), Packets: u64(b, 16), Bytes: u64(b, 24),
		DurationSec: u32(b, 32), DurationNsec: u32(b, 36), Bands: m.Bands[:0],
	}
	for e := b[meterStatsLen:n]; len(e) > 0; e = e[bandStatsLen:] {
		m.Bands = append(m.Bands, BandStats{u64(e, 0), u64(e, 8)})
	}
	return b[n:], nil
}

// AppendBody appends the meter as an entry of a reply, as a switch does.
func (m *MeterStats) AppendBody(b []byte) []byte {
	n := meterStatsLen + bandStatsLen*len(m.Bands)
	b = appendZero(a16(a32(b, m.MeterID), uint16(n)), 6)
	b = a64(a64(a32(b, m.Flows), m.Packets), m.Bytes)
	b = a32(a32(b, m.DurationSec), m.DurationNsec)
	for i := range m.Bands {
		b = a64(a64(b, m.Bands[i].Packets), m.Bands[i].Bytes)
	}
	return b
}

// MeterConfig is how a meter is set (spec 7.3.5.12).
type MeterConfig struct {
	Flags   MeterFlags
	MeterID uint32
	Bands   []MeterBand
}

// Next takes a meter off the body of a reply. Bands reuses its capacity.
func (m *MeterConfig) Next(b []byte) (rest []byte, err error) {
	if len(b) < 8 {
		return nil, ErrTruncated
	}
	n := int(u16(b, 0))
	switch {
	case n < 8:
		return nil, ErrLength
	case n > len(b):
		return nil, ErrTruncated
	}
	m.Flags, m.MeterID = MeterFlags(u16(b, 2)), u32(b, 4)
	m.Bands, err = decodeBands(m.Bands[:0], b[8:n])
	return b[n:], err
}

// AppendBody appends the meter as an entry of a reply, as a switch does.
func (m *MeterConfig) AppendBody(b []byte) []byte {
	n := 8 + meterBandLen*len(m.Bands)
	b = a32(a16(a16(b, uint16(n)), uint16(m.Flags)), m.MeterID)
	return appendBands(b, m.Bands)
}
