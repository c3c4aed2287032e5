// SPDX-License-Identifier: Apache-2.0

package openflow

// OXM is one field with its value and, unless the match is exact, its mask, as
// views of the bytes they were decoded from.
type OXM struct {
	Field Field
	Value []byte
	Mask  []byte // nil for an exact match, else as long as Value
}

// Next decodes the first OXM of b and returns what follows it. The errors are
// ErrTruncated and, for a masked value of odd length or an experimenter field
// without its id, ErrLength.
func (o *OXM) Next(b []byte) (rest []byte, err error) {
	if len(b) < 4 {
		return nil, ErrTruncated
	}
	h := u32(b, 0)
	end := 4 + int(b[3])
	if end > len(b) {
		return nil, ErrTruncated
	}
	f, v := Field(h&^0x1ff), b[4:end:end]
	if h>>16 == classExperimenter {
		if len(v) < 4 {
			return nil, ErrLength
		}
		f |= Field(u32(v, 0)) << 32
		v = v[4:]
	}
	o.Mask = nil
	n := len(v)
	if h&0x100 != 0 {
		if n&1 != 0 {
			return nil, ErrLength
		}
		n /= 2
		o.Mask = v[n:]
	}
	o.Field, o.Value = f|Field(n), v[:n:n]
	return b[end:], nil
}

// Uint returns the value as an unsigned number, the lowest 64 bits of it when
// it is longer.
func (o OXM) Uint() uint64 { return uintOf(o.Value) }

// MaskUint returns the mask as an unsigned number: all ones when there is none.
func (o OXM) MaskUint() uint64 {
	if o.Mask == nil {
		return ^uint64(0)
	}
	return uintOf(o.Mask)
}

// uintOf reads a big-endian number of any length.
func uintOf(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
