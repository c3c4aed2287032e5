// SPDX-License-Identifier: Apache-2.0

package packet

// TCP flags (RFC 9293, 3.1).
const (
	TCPFin uint8 = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
	TCPUrg
)

// SrcPort returns the source port of TCP or UDP.
func (p *Packet) SrcPort() uint16 { return p.port(0) }

// DstPort returns the destination port of TCP or UDP.
func (p *Packet) DstPort() uint16 { return p.port(2) }

func (p *Packet) port(i uint16) uint16 {
	if p.layers&(LayerTCP|LayerUDP) == 0 {
		return 0
	}
	return p.u16(p.l4 + i)
}

// TCPFlags returns the flags of TCP.
func (p *Packet) TCPFlags() uint8 {
	if !p.Has(LayerTCP) {
		return 0
	}
	return p.frame[p.l4+13]
}

// TCPSeq returns the sequence number of TCP.
func (p *Packet) TCPSeq() uint32 {
	if !p.Has(LayerTCP) {
		return 0
	}
	return uint32(p.u16(p.l4+4))<<16 | uint32(p.u16(p.l4+6))
}

// ICMPType returns the type of ICMP or ICMPv6; ok tells type 0 from none.
func (p *Packet) ICMPType() (t uint8, ok bool) {
	if p.layers&(LayerICMP|LayerICMPv6) == 0 {
		return 0, false
	}
	return p.frame[p.l4], true
}

// ICMPCode returns the code of ICMP or ICMPv6.
func (p *Packet) ICMPCode() uint8 {
	if p.layers&(LayerICMP|LayerICMPv6) == 0 {
		return 0
	}
	return p.frame[p.l4+1]
}

// ICMPEcho returns identifier and sequence number of an echo message.
func (p *Packet) ICMPEcho() (id, seq uint16, ok bool) {
	if !p.isEcho() || p.left(p.l4) < 8 {
		return 0, 0, false
	}
	return p.u16(p.l4 + 4), p.u16(p.l4 + 6), true
}

func (p *Packet) isEcho() bool {
	t, ok := p.ICMPType()
	if !ok {
		return false
	}
	if p.IsIPv4() {
		return t == ICMPEchoRequest || t == ICMPEchoReply
	}
	return t == ICMPv6EchoRequest || t == ICMPv6EchoReply
}
