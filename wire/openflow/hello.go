// SPDX-License-Identifier: Apache-2.0

package openflow

// helloBitmap is the only hello element (spec 7.5.1).
const helloBitmap = 1

// Hello opens a connection (spec 6.3.1, 7.5.1). Version v is offered by bit v
// of Versions, so that 1<<4 offers OpenFlow 1.3 alone.
type Hello struct {
	Versions uint32
}

// Append appends the message with its version bitmap.
func (h *Hello) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a32(append(begin(b, TypeHello, xid), 0, helloBitmap, 0, 8), h.Versions)
	return finish(b, start)
}

// Decode reads a HELLO of any version. Without a bitmap the sender offers the
// header's version and all below it (spec 6.3.1).
func (h *Hello) Decode(m Message) error {
	b, err := m.expect(TypeHello, 0)
	if err != nil {
		return err
	}
	h.Versions = ^uint32(0)
	if v := m.Version(); v < 31 {
		h.Versions = 1<<(v+1) - 2
	}
	for len(b) >= 4 {
		n := int(u16(b, 2))
		if n < 4 || n > len(b) {
			return ErrLength
		}
		if u16(b, 0) == helloBitmap && n >= 8 {
			h.Versions = u32(b, 4)
		}
		b = b[min(padded(n), len(b)):]
	}
	return nil
}

// Offers reports whether the sender speaks version v.
func (h *Hello) Offers(v uint8) bool { return v < 32 && h.Versions&(1<<v) != 0 }
