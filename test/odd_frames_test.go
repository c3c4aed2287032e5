// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/binary"
	"net"

	"github.com/linkspan/linkspan/wire/packet"
)

// ip is an IPv4 packet that may be wrong in any way. What is left out is right.
type ip struct {
	src, dst net.IP
	toMAC    net.HardwareAddr
	protocol byte
	id       uint16
	fragment uint16 // flags and offset, in units of 8 bytes
	ttl      int    // 0: 64; -1: 0
	options  []byte // a multiple of 4
	body     []byte
	spoil    func(header []byte) // when all is done
}

// moreFragments is a flag of ip.fragment.
const moreFragments = 0x2000

// ip returns the frame of a packet.
func (e *ends) ip(p ip) []byte {
	if p.src == nil {
		p.src = e.src
	}
	if p.dst == nil {
		p.dst = e.dst
	}
	if p.toMAC == nil {
		p.toMAC = e.router
	}
	switch p.ttl {
	case 0:
		p.ttl = 64
	case -1:
		p.ttl = 0
	}
	length := 20 + len(p.options)
	h := []byte{byte(0x40 + length/4), 0}
	h = binary.BigEndian.AppendUint16(h, uint16(length+len(p.body)))
	h = binary.BigEndian.AppendUint16(h, p.id)
	h = binary.BigEndian.AppendUint16(h, p.fragment)
	h = append(h, byte(p.ttl), p.protocol, 0, 0)
	h = append(append(append(h, p.src...), p.dst...), p.options...)
	binary.BigEndian.PutUint16(h[10:], packet.Checksum(h))
	if p.spoil != nil {
		p.spoil(h)
	}
	return e.frame(p.toMAC, packet.EtherTypeIPv4, append(h, p.body...))
}

// frame returns an Ethernet frame.
func (e *ends) frame(to net.HardwareAddr, etherType uint16, body []byte) []byte {
	b := append(append([]byte(nil), to...), e.mac...)
	return append(binary.BigEndian.AppendUint16(b, etherType), body...)
}

// datagram returns a UDP datagram without a checksum.
func datagram(port uint16, text string) []byte {
	b := binary.BigEndian.AppendUint16(nil, 7001)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(text)))
	return append(append(b, 0, 0), text...)
}

// segment returns a TCP segment; each has a source port of its own.
func (e *ends) segment(from, port uint16, flags byte, text string) []byte {
	b := binary.BigEndian.AppendUint16(nil, from)
	b = binary.BigEndian.AppendUint16(b, port)
	b = append(b, 0, 0, 0, 1, 0, 0, 0, 1, 5<<4, flags, 4, 0, 0, 0, 0, 0)
	b = append(b, text...)
	pseudo := append(append([]byte(nil), e.src...), e.dst...)
	pseudo = binary.BigEndian.AppendUint16(append(pseudo, 0, packet.ProtoTCP), uint16(len(b)))
	binary.BigEndian.PutUint16(b[16:], packet.Checksum(append(pseudo, b...)))
	return b
}

// icmp returns an ICMP message.
func icmp(kind, code byte, rest []byte) []byte {
	b := append([]byte{kind, code, 0, 0}, rest...)
	binary.BigEndian.PutUint16(b[2:], packet.Checksum(b))
	return b
}

// split returns a packet in fragments: each has size bytes, a multiple of 8, and begins
// overlap bytes before the end of the one before.
func (e *ends) split(id uint16, protocol byte, body []byte, size, overlap int) (frames [][]byte) {
	for at := 0; ; {
		end := min(at+size, len(body))
		p := ip{protocol: protocol, id: id, fragment: uint16(at / 8), body: body[at:end]}
		if end < len(body) {
			p.fragment |= moreFragments
		}
		frames = append(frames, e.ip(p))
		if end == len(body) {
			return frames
		}
		at = end - overlap
	}
}

// arp returns a frame of ARP (RFC 826).
func (e *ends) arp(to net.HardwareAddr, op uint16, sha net.HardwareAddr, spa net.IP, tha net.HardwareAddr, tpa net.IP, text string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0, 1, 8, 0, 6, 4}, op)
	b = append(append(append(append(b, sha...), spa...), tha...), tpa...)
	return e.frame(to, packet.EtherTypeARP, append(b, text...)) // as padding
}
