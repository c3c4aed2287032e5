// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"encoding/binary"
	"net/netip"

	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// mend makes the checksums of a frame right after a field that they cover was set, as
// a switch does.
func (w *walk) mend(f openflow.Field) {
	switch f {
	case openflow.FieldIPv6Src, openflow.FieldIPv6Dst, openflow.FieldICMPv6Type:
		w.mend6()
		return
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldICMPType:
	default:
		return
	}
	frame := w.frame
	binary.BigEndian.PutUint16(frame[24:], 0)
	binary.BigEndian.PutUint16(frame[24:], packet.Checksum(frame[14:34]))
	end := 14 + int(binary.BigEndian.Uint16(frame[16:]))
	if fragOf(frame) != 0 || end > len(frame) {
		return
	}
	segment := frame[34:end]
	if frame[23] == packet.ProtoICMP && len(segment) >= 4 {
		binary.BigEndian.PutUint16(segment[2:], 0)
		binary.BigEndian.PutUint16(segment[2:], packet.Checksum(segment))
		return
	}
	mendTransport(netip.AddrFrom4([4]byte(frame[26:])), netip.AddrFrom4([4]byte(frame[30:])), frame[23], segment)
}

// mend6 does so for IPv6, whose packets have no extension headers here.
func (w *walk) mend6() {
	frame := w.frame
	if end := 54 + int(binary.BigEndian.Uint16(frame[18:])); end <= len(frame) {
		mendTransport(netip.AddrFrom16([16]byte(frame[22:])), netip.AddrFrom16([16]byte(frame[38:])), frame[20], frame[54:end])
	}
}

// mendTransport makes a checksum right that covers the addresses.
func mendTransport(src, dst netip.Addr, protocol uint8, segment []byte) {
	at := map[uint8]int{packet.ProtoTCP: 16, packet.ProtoUDP: 6, packet.ProtoICMPv6: 2}[protocol]
	if at == 0 || len(segment) < at+2 {
		return
	}
	binary.BigEndian.PutUint16(segment[at:], 0)
	binary.BigEndian.PutUint16(segment[at:], packet.TransportChecksum(src, dst, protocol, segment))
}
