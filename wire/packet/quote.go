// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"
)

// Quote is what an ICMP error says of the packet that it is about.
type Quote struct{ Src, Dst netip.Addr }

// quoteAt is where the quoted packet begins in an ICMP error (RFC 792, RFC 4443), and the
// lengths of the headers of IPv4 without options and of IPv6.
const quoteAt, header4, header6 = 8, 20, 40

// Quoted returns what an ICMP error says of the packet that it is about; ok is false when
// p is none, or quotes too little.
func (p *Packet) Quoted() (q Quote, ok bool) {
	if !p.Has(LayerICMP) && !p.Has(LayerICMPv6) || !p.IsICMPError() {
		return q, false
	}
	b := p.frame[p.l4:p.end]
	switch {
	case p.IsIPv4() && len(b) >= quoteAt+header4 && b[quoteAt]>>4 == 4:
		src, dst := [4]byte(b[quoteAt+12:]), [4]byte(b[quoteAt+16:])
		return Quote{netip.AddrFrom4(src), netip.AddrFrom4(dst)}, true
	case p.IsIPv6() && len(b) >= quoteAt+header6 && b[quoteAt]>>4 == 6:
		src, dst := [16]byte(b[quoteAt+8:]), [16]byte(b[quoteAt+24:])
		return Quote{netip.AddrFrom16(src), netip.AddrFrom16(dst)}, true
	}
	return q, false
}

// AppendRequoted appends a copy of an ICMP error that Quoted reads, with other Ethernet
// addresses, and with other addresses, of its family, in the packet that it quotes. All
// checksums are made right, but that of the quoted packet's transport header, which
// nobody can check.
func (p *Packet) AppendRequoted(b []byte, from, to MAC, q Quote) []byte {
	start := len(b)
	b = append(b, p.frame[:p.end]...)
	frame := b[start:]
	copy(frame, to[:])
	copy(frame[6:], from[:])
	icmp := frame[p.l4:]
	quoted := icmp[quoteAt:]
	binary.BigEndian.PutUint16(icmp[2:], 0)
	if p.IsIPv6() {
		src, dst := q.Src.As16(), q.Dst.As16()
		copy(quoted[8:], src[:])
		copy(quoted[24:], dst[:])
		binary.BigEndian.PutUint16(icmp[2:], TransportChecksum(p.Src(), p.Dst(), ProtoICMPv6, icmp))
		return b
	}
	src, dst := q.Src.As4(), q.Dst.As4()
	copy(quoted[12:], src[:])
	copy(quoted[16:], dst[:])
	head := quoted[:min(len(quoted), max(header4, int(quoted[0]&15)*4))]
	binary.BigEndian.PutUint16(head[10:], 0)
	binary.BigEndian.PutUint16(head[10:], Checksum(head))
	binary.BigEndian.PutUint16(icmp[2:], Checksum(icmp))
	return b
}
