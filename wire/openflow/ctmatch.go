// SPDX-License-Identifier: Apache-2.0

package openflow

import "net/netip"

// The fields below are of the connection that the ct action found the packet to
// belong to, in the direction of the packet that began it, whichever direction
// this packet has; of an ICMP error they are those of the connection that it is
// about. Of a packet that begins a connection they are its own. They need a match
// on ct_state that has trk and not inv, and eth_type before them (ovs-fields(7),
// conntrack original direction tuple; Open vSwitch 2.8, Linux 4.13).

// CTProto matches the IP protocol of the connection.
func (m *Match) CTProto(p uint8) *Match { return m.Uint(FieldCTProto, uint64(p)) }

// CTIPv4Src matches the address that began the connection.
func (m *Match) CTIPv4Src(a netip.Addr) *Match { return m.Addr(FieldCTIPv4Src, a) }

// CTIPv4Dst matches the address to which the connection was begun.
func (m *Match) CTIPv4Dst(a netip.Addr) *Match { return m.Addr(FieldCTIPv4Dst, a) }

// CTPortSrc matches those bits of the connection's source port that mask has;
// of ICMP the type of the message that began it.
func (m *Match) CTPortSrc(port, mask uint16) *Match { return m.port(FieldCTPortSrc, port, mask) }

// CTPortDst matches those bits of the connection's destination port that mask
// has; of ICMP the code of the message that began it.
func (m *Match) CTPortDst(port, mask uint16) *Match { return m.port(FieldCTPortDst, port, mask) }

// TCPDstBits matches those bits of the destination port that mask has.
func (m *Match) TCPDstBits(port, mask uint16) *Match { return m.port(FieldTCPDst, port, mask) }

// UDPDstBits matches those bits of the destination port that mask has.
func (m *Match) UDPDstBits(port, mask uint16) *Match { return m.port(FieldUDPDst, port, mask) }

// SCTPDstBits matches those bits of the destination port that mask has.
func (m *Match) SCTPDstBits(port, mask uint16) *Match { return m.port(FieldSCTPDst, port, mask) }

// port matches a field of 16 bits, in the form that a switch gives back: no mask
// for all bits, nothing for none.
func (m *Match) port(f Field, value, mask uint16) *Match {
	switch mask {
	case 0:
		return m
	case 0xffff:
		return m.Uint(f, uint64(value))
	}
	return m.UintMasked(f, uint64(value), uint64(mask))
}
