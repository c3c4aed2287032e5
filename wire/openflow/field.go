// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Field names one OXM or NXM field (spec 7.2.3.2): its class, its number in
// the class, the length of its value, and for class 0xffff the experimenter.
// Two Fields are the same field exactly when they are equal; an OXM whose
// length is not the field's own is thereby another field, so that a value
// looked up always has the length that its Field says.
//
// Layout: experimenter in bits 32-63, class in 16-31, number in 9-15, length
// of the value in bytes in 0-7. Bit 8, where an OXM header has HASMASK, is 0.
type Field uint64

// The OXM classes that this package knows.
const (
	classNXM0         = 0x0000 // Nicira, the fields of OpenFlow 1.0
	classNXM1         = 0x0001 // Nicira, extensions
	classERIC         = 0x1000 // Ericsson, the rest of neighbour discovery
	classBasic        = 0x8000 // spec 7.2.3.7
	classPacketReg    = 0x8001 // spec 1.5, packet registers
	classExperimenter = 0xffff // spec 7.2.3.8
)

// Class returns the OXM class.
func (f Field) Class() uint16 { return uint16(f >> 16) }

// Number returns the number of the field in its class.
func (f Field) Number() uint8 { return uint8(f>>9) & 0x7f }

// Len returns the length of the value in bytes.
func (f Field) Len() int { return int(uint8(f)) }

// Experimenter returns the experimenter id, 0 outside class 0xffff.
func (f Field) Experimenter() uint32 { return uint32(f >> 32) }

// String returns the name that ovs-fields(7) gives the field, or its numbers
// when the registry does not have it.
func (f Field) String() string {
	if i, ok := f.info(); ok {
		return i.name
	}
	if f.Class() == classExperimenter {
		return fmt.Sprintf("oxm_0x%x_0x%x_%d", f.Class(), f.Experimenter(), f.Number())
	}
	return fmt.Sprintf("oxm_0x%x_%d", f.Class(), f.Number())
}

// Maskable reports whether the registry has the field and a mask is allowed.
func (f Field) Maskable() bool {
	i, ok := f.info()
	return ok && i.mask
}

// Bits returns the subfield of n bits that starts ofs bits above the least
// significant one.
func (f Field) Bits(ofs, n uint16) Subfield { return Subfield{f, ofs, n} }

// All returns the whole field as a subfield.
func (f Field) All() Subfield {
	if b := f.bits(); b != 0 {
		return Subfield{f, 0, b}
	}
	return Subfield{f, 0, uint16(8 * f.Len())}
}

// bits returns the width of fields that do not fill their bytes, 0 for others.
func (f Field) bits() uint16 {
	i, _ := f.info()
	return uint16(i.bits)
}

// header appends the OXM header: 4 bytes, or 8 for an experimenter's field.
func (f Field) header(b []byte, masked bool) []byte {
	n := uint32(f.Len())
	h := uint32(f) &^ 0x1ff
	if masked {
		n *= 2
		h |= 0x100
	}
	if x := f.Experimenter(); x != 0 {
		return a32(a32(b, h|n+4), x)
	}
	return a32(b, h|n)
}

// headerLen returns the length of what header appends.
func (f Field) headerLen() int {
	if f.Experimenter() != 0 {
		return 8
	}
	return 4
}

// Subfield is a run of bits of a field: Bits of them, the lowest one at Ofs
// counted from the least significant bit of the field.
type Subfield struct {
	Field Field
	Ofs   uint16
	Bits  uint16
}

// String returns the form of ovs-actions(7): NAME[] or NAME[first..last].
func (s Subfield) String() string {
	name := s.Field.nxmName()
	switch {
	case s == s.Field.All():
		return name + "[]"
	case s.Bits == 1:
		return fmt.Sprintf("%s[%d]", name, s.Ofs)
	}
	return fmt.Sprintf("%s[%d..%d]", name, s.Ofs, s.Ofs+s.Bits-1)
}
