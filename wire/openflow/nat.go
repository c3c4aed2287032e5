// SPDX-License-Identifier: Apache-2.0

package openflow

import "net/netip"

// NATFlags are the flags of the nat action inside ct (ovs-actions(7), nat).
type NATFlags uint16

// The flags of nat. With neither NATSrc nor NATDst the translation that the
// connection was committed with is applied.
const (
	NATSrc NATFlags = 1 << iota
	NATDst
	NATPersistent
	NATHash
	NATRandom
)

// NAT translates addresses and ports of a connection. It belongs into the
// Actions of a CT.
type NAT struct {
	Flags            NATFlags
	AddrMin, AddrMax netip.Addr // both of one family; AddrMax may be absent
	PortMin, PortMax uint16     // 0 for none
}

// Bits of range_present, in the order in which the values follow.
const (
	natIPv4Min = 1 << iota
	natIPv4Max
	natIPv6Min
	natIPv6Max
	natPortMin
	natPortMax
)

// NAT appends the nat action.
func (a Actions) NAT(n *NAT) Actions {
	start := len(a)
	b := appendZero(a.nicira(NXNAT, 0), 2)
	b = a16(b, uint16(n.Flags))
	b = a16(b, n.present())
	b = appendAddr(appendAddr(b, n.AddrMin), n.AddrMax)
	if n.PortMin != 0 {
		b = a16(b, n.PortMin)
	}
	if n.PortMax != 0 {
		b = a16(b, n.PortMax)
	}
	return Actions(b).nxFinish(start)
}

// present returns the bits for the values that are set.
func (n *NAT) present() (p uint16) {
	p |= addrBit(n.AddrMin, natIPv4Min, natIPv6Min)
	p |= addrBit(n.AddrMax, natIPv4Max, natIPv6Max)
	if n.PortMin != 0 {
		p |= natPortMin
	}
	if n.PortMax != 0 {
		p |= natPortMax
	}
	return p
}

// addrBit returns the bit of an address's family, 0 for none.
func addrBit(a netip.Addr, v4, v6 uint16) uint16 {
	switch {
	case a.Is4():
		return v4
	case a.Is6():
		return v6
	}
	return 0
}

// appendAddr appends 4 or 16 bytes, or nothing for no address.
func appendAddr(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		v := a.As4()
		return append(b, v[:]...)
	}
	v := a.As16()
	return append(b, v[:a.BitLen()/8]...)
}

// NAT decodes a nat action.
func (a Action) NAT() (n NAT, ok bool) {
	s, ok := a.Nicira()
	b := a.nxBody()
	if !ok || s != NXNAT || len(b) < 6 {
		return NAT{}, false
	}
	n.Flags = NATFlags(u16(b, 2))
	p := u16(b, 4)
	b = b[6:]
	for bit := uint16(natIPv4Min); bit <= natPortMax; bit <<= 1 {
		if p&bit == 0 {
			continue
		}
		size := natSize(bit)
		if len(b) < size {
			return NAT{}, false
		}
		n.set(bit, b[:size])
		b = b[size:]
	}
	return n, true
}

// natSize returns the length of the value that a bit announces.
func natSize(bit uint16) int {
	switch {
	case bit <= natIPv4Max:
		return 4
	case bit <= natIPv6Max:
		return 16
	}
	return 2
}

// set stores one value.
func (n *NAT) set(bit uint16, v []byte) {
	switch bit {
	case natIPv4Min, natIPv6Min:
		n.AddrMin, _ = netip.AddrFromSlice(v)
	case natIPv4Max, natIPv6Max:
		n.AddrMax, _ = netip.AddrFromSlice(v)
	case natPortMin:
		n.PortMin = u16(v, 0)
	case natPortMax:
		n.PortMax = u16(v, 0)
	}
}
