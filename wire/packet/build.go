// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"
)

// Head is the Ethernet and IP header of a frame to build. Both addresses are of
// one family, which decides between IPv4 and IPv6.
type Head struct {
	EthSrc, EthDst MAC
	Src, Dst       netip.Addr
	TTL            uint8  // 0 means 64
	VLAN           uint16 // 0 for an untagged frame
	ID             uint16 // identification, IPv4 only
	TOS            uint8  // type of service, or traffic class: DSCP and ECN (RFC 2474, RFC 3168)
}

const defaultTTL = 64

// begin appends the Ethernet and IP header and returns where the IP header and
// its payload begin.
func (h *Head) begin(b []byte, proto uint8) (_ []byte, l3, l4 int) {
	t := EtherTypeIPv6
	if h.Src.Is4() {
		t = EtherTypeIPv4
	}
	if h.VLAN != 0 {
		b = appendEthernet(b, h.EthDst, h.EthSrc, EtherTypeVLAN)
		b = append(b, byte(h.VLAN>>8), byte(h.VLAN), byte(t>>8), byte(t))
	} else {
		b = appendEthernet(b, h.EthDst, h.EthSrc, t)
	}
	ttl := h.TTL
	if ttl == 0 {
		ttl = defaultTTL
	}
	l3 = len(b)
	if t == EtherTypeIPv4 {
		b = append(b, 0x45, h.TOS, 0, 0, byte(h.ID>>8), byte(h.ID), 0, 0, ttl, proto, 0, 0)
		b = appendIPv4(appendIPv4(b, h.Src), h.Dst)
	} else {
		src, dst := h.Src.As16(), h.Dst.As16()
		b = append(b, 0x60|h.TOS>>4, h.TOS<<4, 0, 0, 0, 0, proto, ttl)
		b = append(append(b, src[:]...), dst[:]...)
	}
	return b, l3, len(b)
}

// finish fills in lengths and checksums; the transport checksum lies at sumAt
// in the segment, if it has one.
func (h *Head) finish(b []byte, l3, l4 int, proto uint8, sumAt int) []byte {
	segment := b[l4:]
	if sumAt != noChecksum {
		h.sum(segment, proto, sumAt)
	}
	if !h.Src.Is4() {
		binary.BigEndian.PutUint16(b[l3+4:], uint16(len(segment)))
		return b
	}
	binary.BigEndian.PutUint16(b[l3+2:], uint16(len(b)-l3))
	binary.BigEndian.PutUint16(b[l3+10:], Checksum(b[l3:l4]))
	return b
}

// sum fills in the transport checksum.
func (h *Head) sum(segment []byte, proto uint8, at int) {
	c := uint16(0)
	if proto == ProtoICMP {
		c = Checksum(segment)
	} else {
		c = TransportChecksum(h.Src, h.Dst, proto, segment)
	}
	if proto == ProtoUDP && c == 0 {
		c = 0xffff // RFC 768: 0 means none
	}
	binary.BigEndian.PutUint16(segment[at:], c)
}

// AppendUDP appends a frame with a datagram. The payload may have up to 65507
// bytes over IPv4; whether the link takes it is the caller's affair.
func AppendUDP(b []byte, h *Head, srcPort, dstPort uint16, payload []byte) []byte {
	b, l3, l4 := h.begin(b, ProtoUDP)
	n := 8 + len(payload)
	b = append(b, byte(srcPort>>8), byte(srcPort), byte(dstPort>>8), byte(dstPort),
		byte(n>>8), byte(n), 0, 0)
	return h.finish(append(b, payload...), l3, l4, ProtoUDP, 6)
}

// TCP is the header of a segment to build, without options.
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            uint8
	Window           uint16
}

// AppendTCP appends a frame with a segment.
func AppendTCP(b []byte, h *Head, t *TCP, payload []byte) []byte {
	b, l3, l4 := h.begin(b, ProtoTCP)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, t.SrcPort), t.DstPort)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, t.Seq), t.Ack)
	b = append(b, 5<<4, t.Flags, byte(t.Window>>8), byte(t.Window), 0, 0, 0, 0)
	return h.finish(append(b, payload...), l3, l4, ProtoTCP, 16)
}

// noChecksum is where a protocol without a checksum of its own has it.
const noChecksum = -1

// AppendIP appends a frame with a packet of any protocol, whose payload is complete:
// checksums that are the protocol's own are in it.
func AppendIP(b []byte, h *Head, proto uint8, payload []byte) []byte {
	b, l3, l4 := h.begin(b, proto)
	return h.finish(append(b, payload...), l3, l4, proto, noChecksum)
}
