// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
)

// Frame is an Ethernet frame with a UDP datagram, or an ARP request, that may
// lie about everything.
type Frame struct {
	SrcMAC, DstMAC net.HardwareAddr
	SrcIP, DstIP   netip.Addr
	VLAN           uint16 // 0: untagged
	Text           string // of the datagram
	ARP            bool   // a request for DstIP instead
}

// DstPort is where the probe listens; SrcPort is any.
const dstPort, srcPort = 7000, 7001

// Hex returns the frame as test/probe takes it.
func (f Frame) Hex() string {
	b := append([]byte(nil), f.DstMAC...)
	b = append(b, f.SrcMAC...)
	if f.VLAN != 0 {
		b = binary.BigEndian.AppendUint16(b, 0x8100) // IEEE 802.1Q
		b = binary.BigEndian.AppendUint16(b, f.VLAN)
	}
	if f.ARP {
		return hex.EncodeToString(f.arp(binary.BigEndian.AppendUint16(b, 0x0806)))
	}
	return hex.EncodeToString(f.udp(binary.BigEndian.AppendUint16(b, 0x0800)))
}

// arp appends a request (RFC 826).
func (f Frame) arp(b []byte) []byte {
	b = append(b, 0, 1, 8, 0, 6, 4, 0, 1)
	b = append(b, f.SrcMAC...)
	b = append(b, f.SrcIP.AsSlice()...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	return append(b, f.DstIP.AsSlice()...)
}

// udp appends IPv4 (RFC 791) and UDP (RFC 768), which may leave its checksum
// out.
func (f Frame) udp(b []byte) []byte {
	const ipv4Header, udpHeader = 20, 8
	length := udpHeader + len(f.Text)
	ip := []byte{0x45, 0}
	ip = binary.BigEndian.AppendUint16(ip, uint16(ipv4Header+length))
	ip = append(ip, 0, 0, 0x40, 0, 64, 17, 0, 0)
	ip = append(ip, f.SrcIP.AsSlice()...)
	ip = append(ip, f.DstIP.AsSlice()...)
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	b = append(b, ip...)
	b = binary.BigEndian.AppendUint16(b, srcPort)
	b = binary.BigEndian.AppendUint16(b, dstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	b = append(b, 0, 0)
	return append(b, f.Text...)
}

// checksum is the Internet checksum (RFC 1071) of an even number of bytes.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
