// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"
)

// MAC is a 48-bit Ethernet address in wire order.
type MAC = [6]byte

// Broadcast is the address of every station.
func Broadcast() MAC { return MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }

// Ethernet types (IEEE 802 numbers).
const (
	EtherTypeIPv4 uint16 = 0x0800
	EtherTypeARP  uint16 = 0x0806
	EtherTypeVLAN uint16 = 0x8100 // 802.1Q
	EtherTypeQinQ uint16 = 0x88a8 // 802.1ad
	EtherTypeIPv6 uint16 = 0x86dd
)

// IP protocol numbers (IANA).
const (
	ProtoICMP   uint8 = 1
	ProtoTCP    uint8 = 6
	ProtoUDP    uint8 = 17
	ProtoICMPv6 uint8 = 58
	ProtoSCTP   uint8 = 132
)

// Layer is a set of headers that Parse found whole.
type Layer uint8

// The headers.
const (
	LayerARP Layer = 1 << iota
	LayerIPv4
	LayerIPv6
	LayerICMP
	LayerICMPv6
	LayerTCP
	LayerUDP
)

// Packet holds the places of the headers in a frame. Its methods read the frame
// that Parse was given: they are valid as long as that is unchanged. A method
// that asks for a header which is not there returns zero.
type Packet struct {
	frame     []byte
	etherType uint16
	l3, l4    uint16 // offsets in frame; l4 is 0 when there is none
	end       uint16 // where the network layer's packet ends in frame
	layers    Layer
	proto     uint8
	frag      bool // a fragment but not the first: it has no transport header
}

// Frame returns the whole frame.
func (p *Packet) Frame() []byte { return p.frame }

// Has reports whether all of these headers were found.
func (p *Packet) Has(l Layer) bool { return p.layers&l == l }

// IsARP reports whether the frame is ARP for IPv4 over Ethernet.
func (p *Packet) IsARP() bool { return p.layers&LayerARP != 0 }

// IsIPv4 reports whether the frame holds an IPv4 packet.
func (p *Packet) IsIPv4() bool { return p.layers&LayerIPv4 != 0 }

// IsIPv6 reports whether the frame holds an IPv6 packet.
func (p *Packet) IsIPv6() bool { return p.layers&LayerIPv6 != 0 }

// EthDst returns the destination address.
func (p *Packet) EthDst() MAC { return p.mac(0) }

// EthSrc returns the source address.
func (p *Packet) EthSrc() MAC { return p.mac(6) }

// EtherType returns the type behind all tags.
func (p *Packet) EtherType() uint16 { return p.etherType }

// VLAN returns the number of the outermost tag, 0 to 4095.
func (p *Packet) VLAN() (id uint16, ok bool) {
	if len(p.frame) < 16 || !isTag(p.u16(12)) {
		return 0, false
	}
	return p.u16(14) & 0x0fff, true
}

// Proto returns the IP protocol, for IPv6 that of the last header reached.
func (p *Packet) Proto() uint8 { return p.proto }

// Src returns the source address of IP, the sender's address of ARP.
func (p *Packet) Src() netip.Addr {
	switch {
	case p.IsIPv4():
		return p.addr4(12)
	case p.IsIPv6():
		return p.addr16(8)
	case p.IsARP():
		return p.addr4(14)
	}
	return netip.Addr{}
}

// Dst returns the destination address of IP, the target's address of ARP.
func (p *Packet) Dst() netip.Addr {
	switch {
	case p.IsIPv4():
		return p.addr4(16)
	case p.IsIPv6():
		return p.addr16(24)
	case p.IsARP():
		return p.addr4(24)
	}
	return netip.Addr{}
}

// TTL returns the time to live of IPv4 or the hop limit of IPv6.
func (p *Packet) TTL() uint8 {
	switch {
	case p.IsIPv4():
		return p.frame[p.l3+8]
	case p.IsIPv6():
		return p.frame[p.l3+7]
	}
	return 0
}

// IsLaterFragment reports whether the packet is a fragment without transport
// header.
func (p *Packet) IsLaterFragment() bool { return p.frag }

// Network returns the network layer's packet: from its header to the end that
// its length field says, or that the frame has if it was cut short.
func (p *Packet) Network() []byte {
	if p.layers&(LayerIPv4|LayerIPv6|LayerARP) == 0 {
		return nil
	}
	return p.frame[p.l3:p.end]
}

// Payload returns what follows the transport header, nil without one.
func (p *Packet) Payload() []byte {
	at := int(p.l4)
	switch {
	case p.Has(LayerTCP):
		at += int(p.frame[p.l4+12]>>4) * 4
	case p.layers&(LayerUDP|LayerICMP|LayerICMPv6) != 0:
		at += 8
	default:
		return nil
	}
	if at > int(p.end) {
		return nil
	}
	return p.frame[at:p.end]
}

func (p *Packet) mac(i int) MAC {
	if len(p.frame) < i+6 {
		return MAC{}
	}
	return MAC(p.frame[i : i+6])
}

// addr4 and addr16 read at an offset in the network header, which Parse has
// found whole.
func (p *Packet) addr4(i uint16) netip.Addr {
	return netip.AddrFrom4([4]byte(p.frame[p.l3+i : p.l3+i+4]))
}

func (p *Packet) addr16(i uint16) netip.Addr {
	return netip.AddrFrom16([16]byte(p.frame[p.l3+i : p.l3+i+16]))
}

// u16 reads at an offset in the frame that the caller has checked.
func (p *Packet) u16(i uint16) uint16 { return binary.BigEndian.Uint16(p.frame[i : i+2]) }

// isTag reports whether an Ethernet type announces a VLAN tag.
func isTag(t uint16) bool { return t == EtherTypeVLAN || t == EtherTypeQinQ }
