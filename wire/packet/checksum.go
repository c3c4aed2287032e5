// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"
)

// Checksum returns the Internet checksum of b (RFC 1071): 0 over bytes that
// contain a right one.
func Checksum(b []byte) uint16 { return fold(sum(0, b)) }

// sum adds 16-bit words to an accumulator; b has at most 65535 bytes.
func sum(acc uint64, b []byte) uint64 {
	for ; len(b) >= 4; b = b[4:] {
		acc += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		acc += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint64(b[0]) << 8
	}
	return acc
}

// fold brings the accumulator to 16 bits and complements it.
func fold(acc uint64) uint16 {
	for acc > 0xffff {
		acc = acc>>16 + acc&0xffff
	}
	return ^uint16(acc)
}

// TransportChecksum returns the checksum of TCP, UDP or ICMPv6 with the pseudo
// header (RFC 9293, 3.1; RFC 768; RFC 8200, 8.1): 0 over a segment that
// contains a right one.
func TransportChecksum(src, dst netip.Addr, proto uint8, segment []byte) uint16 {
	acc := uint64(proto) + uint64(len(segment))
	acc = sumAddr(sumAddr(acc, src), dst)
	return fold(sum(acc, segment))
}

func sumAddr(acc uint64, a netip.Addr) uint64 {
	if a.Is4() {
		v := a.As4()
		return sum(acc, v[:])
	}
	v := a.As16()
	return sum(acc, v[:])
}

// ChecksumOK reports whether the checksums of the IPv4 header and of TCP, UDP,
// ICMP or ICMPv6 are right as far as they are there. A frame that was cut short
// or fragmented cannot be judged and is false.
func (p *Packet) ChecksumOK() bool {
	if p.IsIPv4() {
		head := p.frame[p.l3 : p.l3+uint16(p.frame[p.l3]&15)*4]
		if Checksum(head) != 0 || int(p.u16(p.l3+2)) != len(p.Network()) {
			return false
		}
	}
	if p.l4 == 0 {
		return !p.frag
	}
	segment := p.frame[p.l4:p.end]
	switch {
	case p.Has(LayerICMP):
		return Checksum(segment) == 0
	case p.Has(LayerUDP) && p.IsIPv4() && p.u16(p.l4+6) == 0:
		return true // RFC 768: not computed
	}
	return TransportChecksum(p.Src(), p.Dst(), p.proto, segment) == 0
}
