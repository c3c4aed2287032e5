// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"net/netip"
)

// matchInline is what a Match holds without a heap allocation, in bytes: the
// widest match of a guard over IPv6 addresses, registers and conntrack state.
const matchInline = 256

// Match builds a list of OXMs in the order of its calls. The zero value
// matches everything. Up to 256 bytes it allocates nothing; beyond, it moves
// to the heap and loses nothing.
//
// The caller keeps the rules of spec 7.2.3.6: each field once, and a field's
// prerequisites (eth_type before ip_proto, ip_proto before ports) before it.
// A switch answers BAD_PREREQ or DUP_FIELD otherwise. Open vSwitch gives a
// flow's fields back in an order and in classes of its own: compare two matches
// by their String, not by their bytes.
type Match struct {
	n     int
	buf   [matchInline]byte
	spill []byte
}

// View returns the OXMs built so far. It is a view of m: valid until m is
// changed, and it keeps m alive.
func (m *Match) View() MatchView {
	if m.spill != nil {
		return m.spill
	}
	return m.buf[:m.n:m.n]
}

// Reset empties m for another use and returns it.
func (m *Match) Reset() *Match {
	m.n, m.spill = 0, nil
	return m
}

// room returns n bytes at the end of the list, to be filled by the caller.
func (m *Match) room(n int) []byte {
	if m.spill == nil && m.n+n <= matchInline {
		m.n += n
		return m.buf[m.n-n : m.n]
	}
	if m.spill == nil {
		m.spill = append(make([]byte, 0, 4*matchInline), m.buf[:m.n]...)
	}
	// The capacity is clipped so that copies of m never share what they append.
	at := len(m.spill)
	m.spill = append(m.spill[:at:at], make([]byte, n)...)
	return m.spill[at:]
}

// put appends field f with its value and, unless nil, its mask. A value of
// another length than the field's is put as it is: a switch refuses it, whereas
// leaving it out would widen the flow.
func (m *Match) put(f Field, value, mask []byte) *Match {
	f = f&^0xff | Field(len(value))
	h := f.headerLen()
	b := m.room(h + len(value) + len(mask))
	f.header(b[:0], mask != nil)
	copy(b[h:], value)
	copy(b[h+len(value):], mask)
	return m
}

// Add copies an OXM, for example one of a received match.
func (m *Match) Add(o OXM) *Match { return m.put(o.Field, o.Value, o.Mask) }

// Uint matches a field of at most 8 bytes exactly; the value is cut to the
// length of the field. A longer field is put with a wrong length, which every
// switch refuses.
func (m *Match) Uint(f Field, value uint64) *Match {
	if f.Len() > 8 {
		return m.put(f, nil, nil)
	}
	h := f.headerLen()
	b := m.room(h + f.Len())
	f.header(b[:0], false)
	putUint(b[h:], value)
	return m
}

// UintMasked matches those bits of a field that mask has; otherwise as Uint.
func (m *Match) UintMasked(f Field, value, mask uint64) *Match {
	n := f.Len()
	if n > 8 {
		return m.put(f, nil, nil)
	}
	h := f.headerLen()
	b := m.room(h + 2*n)
	f.header(b[:0], true)
	putUint(b[h:h+n], value&mask)
	putUint(b[h+n:], mask)
	return m
}

// MAC matches a field that holds an Ethernet address exactly.
func (m *Match) MAC(f Field, a MAC) *Match { return m.Uint(f, macUint(a)) }

// MACMasked matches the bits of an Ethernet address that mask has.
func (m *Match) MACMasked(f Field, a, mask MAC) *Match {
	return m.UintMasked(f, macUint(a), macUint(mask))
}

// Addr matches a field that holds an IPv4 or IPv6 address. An address of the
// other family, or none, is put with its own length: every switch refuses it.
func (m *Match) Addr(f Field, a netip.Addr) *Match {
	if a.Is4() {
		v := a.As4()
		return m.put(f, v[:], nil)
	}
	v := a.As16()
	return m.put(f, v[:a.BitLen()/8], nil)
}

// AddrMasked matches those bits of an address field that mask has, both of one family,
// which is treated as by Addr.
func (m *Match) AddrMasked(f Field, a, mask netip.Addr) *Match {
	bits := mask.AsSlice()
	value := a.AsSlice()
	for i := range min(len(value), len(bits)) {
		value[i] &= bits[i]
	}
	return m.put(f, value, bits)
}

// Prefix matches the network part of an address field: exactly for a prefix of
// full length, everything for length 0. The family is treated as by Addr.
func (m *Match) Prefix(f Field, p netip.Prefix) *Match {
	if !p.IsValid() || p.IsSingleIP() || p.Addr().BitLen() != 8*f.Len() {
		return m.Addr(f, p.Addr())
	}
	if p.Bits() == 0 {
		return m
	}
	p = p.Masked()
	mask := prefixMask(p.Bits())
	if p.Addr().Is4() {
		v := p.Addr().As4()
		return m.put(f, v[:], mask[:4])
	}
	v := p.Addr().As16()
	return m.put(f, v[:], mask[:])
}

// prefixMask returns a mask whose first n bits are set.
func prefixMask(n int) (mask [16]byte) {
	for i := range mask {
		switch {
		case n >= 8*(i+1):
			mask[i] = 0xff
		case n > 8*i:
			mask[i] = ^byte(0xff >> (n - 8*i))
		}
	}
	return mask
}

// putUint writes the lowest bytes of v, as many as b has.
func putUint(b []byte, v uint64) {
	switch len(b) {
	case 4:
		binary.BigEndian.PutUint32(b, uint32(v))
		return
	case 2:
		binary.BigEndian.PutUint16(b, uint16(v))
		return
	}
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(v)
		v >>= 8
	}
}

// macUint returns the address as a 48-bit number.
func macUint(a MAC) uint64 { return uintOf(a[:]) }
