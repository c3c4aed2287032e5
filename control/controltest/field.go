// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

func itoa(n uint8) string { return strconv.Itoa(int(n)) }

// ethType returns the Ethernet type behind a tag.
func (w *walk) ethType() uint16 {
	if t := binary.BigEndian.Uint16(w.frame[12:]); t != packet.EtherTypeVLAN || len(w.frame) < 18 {
		return t
	}
	return binary.BigEndian.Uint16(w.frame[16:])
}

// get returns the bytes of a field, in the frame where they are there to be
// set; nil when the frame has no such field.
func (w *walk) get(f openflow.Field) []byte {
	if r := f - openflow.FieldReg0; r>>9 < 16 && r&0x1ff == 0 {
		return w.regs[r>>9][:]
	}
	if v := w.tracked.field(f); v != nil {
		return v
	}
	switch f {
	case openflow.FieldInPort:
		if w.as != 0 {
			return binary.BigEndian.AppendUint32(nil, w.as)
		}
		return binary.BigEndian.AppendUint32(nil, w.port)
	case openflow.FieldEthDst:
		return w.frame[0:6]
	case openflow.FieldEthSrc:
		return w.frame[6:12]
	case openflow.FieldEthType:
		return binary.BigEndian.AppendUint16(nil, w.ethType())
	case openflow.FieldVLANTCI:
		if binary.BigEndian.Uint16(w.frame[12:]) == packet.EtherTypeVLAN {
			return binary.BigEndian.AppendUint16(nil, 0x1000|binary.BigEndian.Uint16(w.frame[14:]))
		}
		return []byte{0, 0}
	}
	if w.ethType() == packet.EtherTypeARP && len(w.frame) >= 42 {
		return w.arp(f)
	}
	if w.ethType() == packet.EtherTypeIPv4 && len(w.frame) >= 34 {
		return w.ipv4(f)
	}
	if w.ethType() == packet.EtherTypeIPv6 && len(w.frame) >= 54 {
		return w.ipv6(f)
	}
	return nil
}

// ipv6 knows packets without extension headers, as tests send them.
func (w *walk) ipv6(f openflow.Field) []byte {
	proto, rest := w.frame[20], w.frame[54:]
	discovery := proto == packet.ProtoICMPv6 && len(rest) >= 24
	switch {
	case f == openflow.FieldIPProto:
		return w.frame[20:21]
	case f == openflow.FieldIPTTL:
		return w.frame[21:22]
	case f == openflow.FieldIPFrag:
		return []byte{0}
	case f == openflow.FieldIPDSCP:
		return []byte{(w.frame[14]<<4 | w.frame[15]>>4) >> 2}
	case f == openflow.FieldTCPSrc, f == openflow.FieldTCPDst:
		return ports(proto == packet.ProtoTCP, rest, f == openflow.FieldTCPDst)
	case f == openflow.FieldUDPSrc, f == openflow.FieldUDPDst:
		return ports(proto == packet.ProtoUDP, rest, f == openflow.FieldUDPDst)
	case f == openflow.FieldIPv6Src:
		return w.frame[22:38]
	case f == openflow.FieldIPv6Dst:
		return w.frame[38:54]
	case f == openflow.FieldTCPFlags && proto == packet.ProtoTCP && len(rest) >= 20:
		return []byte{rest[12] & 0x0f, rest[13]}
	case f == openflow.FieldICMPv6Type && proto == packet.ProtoICMPv6 && len(rest) >= 4:
		return rest[0:1]
	case f == openflow.FieldICMPv6Code && proto == packet.ProtoICMPv6 && len(rest) >= 4:
		return rest[1:2]
	case f == openflow.FieldNDTarget && discovery:
		return rest[8:24]
	}
	return nil
}

func (w *walk) arp(f openflow.Field) []byte {
	switch f {
	case openflow.FieldARPOp:
		return w.frame[20:22]
	case openflow.FieldARPSHA, openflow.FieldNXMARPSHA:
		return w.frame[22:28]
	case openflow.FieldARPSPA:
		return w.frame[28:32]
	case openflow.FieldARPTHA, openflow.FieldNXMARPTHA:
		return w.frame[32:38]
	case openflow.FieldARPTPA:
		return w.frame[38:42]
	}
	return nil
}

func (w *walk) ipv4(f openflow.Field) []byte {
	switch f {
	case openflow.FieldIPProto:
		return w.frame[23:24]
	case openflow.FieldTCPFlags:
		if w.frame[23] != packet.ProtoTCP || fragOf(w.frame) > 1 || len(w.frame) < 54 {
			return nil
		}
		return []byte{w.frame[46] & 0x0f, w.frame[47]}
	case openflow.FieldIPDSCP:
		return []byte{w.frame[15] >> 2}
	case openflow.FieldTCPSrc, openflow.FieldTCPDst:
		return ports(w.frame[23] == packet.ProtoTCP && fragOf(w.frame) <= 1, w.frame[34:], f == openflow.FieldTCPDst)
	case openflow.FieldUDPSrc, openflow.FieldUDPDst:
		return ports(w.frame[23] == packet.ProtoUDP && fragOf(w.frame) <= 1, w.frame[34:], f == openflow.FieldUDPDst)
	case openflow.FieldICMPType:
		if w.frame[23] != packet.ProtoICMP || fragOf(w.frame) > 1 || len(w.frame) < 42 {
			return nil
		}
		return w.frame[34:35]
	case openflow.FieldIPFrag:
		return []byte{fragOf(w.frame)}
	case openflow.FieldIPTTL:
		return w.frame[22:23]
	case openflow.FieldIPv4Src:
		return w.frame[26:30]
	case openflow.FieldIPv4Dst:
		return w.frame[30:34]
	}
	return nil
}

// ports returns the source or destination port of a segment, nil of what has none.
func ports(has bool, segment []byte, dst bool) []byte {
	if !has || len(segment) < 4 {
		return nil
	}
	if dst {
		return segment[2:4]
	}
	return segment[0:2]
}

// fragOf returns ip_frag of a frame: 0 whole, 1 the first fragment, 3 a later one.
func fragOf(frame []byte) byte {
	switch flags := binary.BigEndian.Uint16(frame[20:]); {
	case flags&0x1fff != 0:
		return 3
	case flags&0x2000 != 0:
		return 1
	}
	return 0
}

// move copies bits between fields of at most 8 bytes.
func (w *walk) move(src, dst openflow.Subfield) {
	from, to := w.get(src.Field), w.get(dst.Field)
	if from == nil || to == nil {
		w.s.trace(fmt.Sprintf("cannot move %s to %s", src, dst))
		return
	}
	mask := uint64(1)<<src.Bits - 1
	bits := number(from) >> src.Ofs & mask
	put(to, number(to)&^(mask<<dst.Ofs)|bits<<dst.Ofs)
}

func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func put(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}

// flagsText writes the flags of a TCP segment.
func flagsText(flags uint8) (text string) {
	for i, letter := range "FSRPAU" {
		if flags>>i&1 != 0 {
			text += string(letter)
		}
	}
	return text
}

// isEchoRequest says whether a packet is one, of either family.
func isEchoRequest(p *packet.Packet) bool {
	t, ok := p.ICMPType()
	return ok && (p.IsIPv4() && t == packet.ICMPEchoRequest || p.IsIPv6() && t == packet.ICMPv6EchoRequest)
}

// describe writes a frame as a person would.
func describe(frame []byte) string {
	var p packet.Packet
	if err := packet.Parse(frame, &p); err != nil && !p.IsIPv4() && !p.IsIPv6() {
		return "malformed frame"
	}
	switch {
	case p.IsARP():
		return fmt.Sprintf("arp %s asks for %s", p.Src(), p.Dst())
	case !p.IsIPv4() && !p.IsIPv6():
		return fmt.Sprintf("ethernet type %#04x", p.EtherType())
	}
	what := fmt.Sprintf("protocol %d", p.Proto())
	switch t, ok := p.ICMPType(); {
	case ok && isEchoRequest(&p):
		what = "echo request"
	case ok && (p.IsIPv4() && t == packet.ICMPEchoReply || p.IsIPv6() && t == packet.ICMPv6EchoReply):
		what = "echo reply"
	case ok && (p.IsIPv4() && t == packet.ICMPTimeExceeded || p.IsIPv6() && t == packet.ICMPv6TimeExceeded):
		what = "time exceeded"
	case p.Has(packet.LayerUDP):
		what = fmt.Sprintf("udp %d>%d", p.SrcPort(), p.DstPort())
	case p.Has(packet.LayerTCP):
		what = fmt.Sprintf("tcp %d>%d %s", p.SrcPort(), p.DstPort(), flagsText(p.TCPFlags()))
	case ok && (p.IsIPv4() && t == packet.ICMPDestUnreachable || p.IsIPv6() && t == packet.ICMPv6DestUnreachable):
		what = "unreachable"
	}
	return fmt.Sprintf("%s > %s %s ttl=%d", p.Src(), p.Dst(), what, p.TTL())
}
