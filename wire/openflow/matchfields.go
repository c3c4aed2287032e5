// SPDX-License-Identifier: Apache-2.0

package openflow

import "net/netip"

// InPort matches the port a packet came in by.
func (m *Match) InPort(port uint32) *Match { return m.Uint(FieldInPort, uint64(port)) }

// Metadata matches the table metadata bits that mask has.
func (m *Match) Metadata(value, mask uint64) *Match {
	return m.UintMasked(FieldMetadata, value, mask)
}

// EthType matches the Ethernet type behind any VLAN tag, for example 0x0800.
func (m *Match) EthType(t uint16) *Match { return m.Uint(FieldEthType, uint64(t)) }

// EthSrc matches the source address.
func (m *Match) EthSrc(a MAC) *Match { return m.MAC(FieldEthSrc, a) }

// EthDst matches the destination address.
func (m *Match) EthDst(a MAC) *Match { return m.MAC(FieldEthDst, a) }

// EthSrcMasked matches some bits of the source address.
func (m *Match) EthSrcMasked(a, mask MAC) *Match { return m.MACMasked(FieldEthSrc, a, mask) }

// EthDstMasked matches some bits of the destination address.
func (m *Match) EthDstMasked(a, mask MAC) *Match { return m.MACMasked(FieldEthDst, a, mask) }

// VLANTCI matches bits of the tag control information. Bit 12 is set by Open
// vSwitch when a tag is present: (0x1000, 0x1000) matches every tagged frame,
// (0, 0x1000) every untagged one.
func (m *Match) VLANTCI(value, mask uint16) *Match {
	return m.UintMasked(FieldVLANTCI, uint64(value), uint64(mask))
}

// IPProto matches the IP protocol or last IPv6 next header.
func (m *Match) IPProto(p uint8) *Match { return m.Uint(FieldIPProto, uint64(p)) }

// IPTTL matches the IPv4 time to live or the IPv6 hop limit.
func (m *Match) IPTTL(ttl uint8) *Match { return m.Uint(FieldIPTTL, uint64(ttl)) }

// IPv4Src matches the source address exactly.
func (m *Match) IPv4Src(a netip.Addr) *Match { return m.Addr(FieldIPv4Src, a) }

// IPv4Dst matches the destination address exactly.
func (m *Match) IPv4Dst(a netip.Addr) *Match { return m.Addr(FieldIPv4Dst, a) }

// IPv4SrcPrefix matches the source address by prefix.
func (m *Match) IPv4SrcPrefix(p netip.Prefix) *Match { return m.Prefix(FieldIPv4Src, p) }

// IPv4DstPrefix matches the destination address by prefix.
func (m *Match) IPv4DstPrefix(p netip.Prefix) *Match { return m.Prefix(FieldIPv4Dst, p) }

// IPv6Src matches the source address exactly.
func (m *Match) IPv6Src(a netip.Addr) *Match { return m.Addr(FieldIPv6Src, a) }

// IPv6Dst matches the destination address exactly.
func (m *Match) IPv6Dst(a netip.Addr) *Match { return m.Addr(FieldIPv6Dst, a) }

// IPv6SrcPrefix matches the source address by prefix.
func (m *Match) IPv6SrcPrefix(p netip.Prefix) *Match { return m.Prefix(FieldIPv6Src, p) }

// IPv6DstPrefix matches the destination address by prefix.
func (m *Match) IPv6DstPrefix(p netip.Prefix) *Match { return m.Prefix(FieldIPv6Dst, p) }

// TCPSrc matches the source port.
func (m *Match) TCPSrc(port uint16) *Match { return m.Uint(FieldTCPSrc, uint64(port)) }

// TCPDst matches the destination port.
func (m *Match) TCPDst(port uint16) *Match { return m.Uint(FieldTCPDst, uint64(port)) }

// TCPFlagBits matches those TCP flags that mask has.
func (m *Match) TCPFlagBits(flags, mask uint16) *Match {
	return m.UintMasked(FieldTCPFlags, uint64(flags), uint64(mask))
}

// UDPSrc matches the source port.
func (m *Match) UDPSrc(port uint16) *Match { return m.Uint(FieldUDPSrc, uint64(port)) }

// UDPDst matches the destination port.
func (m *Match) UDPDst(port uint16) *Match { return m.Uint(FieldUDPDst, uint64(port)) }

// SCTPSrc matches the source port.
func (m *Match) SCTPSrc(port uint16) *Match { return m.Uint(FieldSCTPSrc, uint64(port)) }

// SCTPDst matches the destination port.
func (m *Match) SCTPDst(port uint16) *Match { return m.Uint(FieldSCTPDst, uint64(port)) }

// ICMPType matches the type of an ICMP message over IPv4.
func (m *Match) ICMPType(t uint8) *Match { return m.Uint(FieldICMPType, uint64(t)) }

// ICMPCode matches the code of an ICMP message over IPv4.
func (m *Match) ICMPCode(c uint8) *Match { return m.Uint(FieldICMPCode, uint64(c)) }

// ICMPv6Type matches the type of an ICMPv6 message.
func (m *Match) ICMPv6Type(t uint8) *Match { return m.Uint(FieldICMPv6Type, uint64(t)) }

// ICMPv6Code matches the code of an ICMPv6 message.
func (m *Match) ICMPv6Code(c uint8) *Match { return m.Uint(FieldICMPv6Code, uint64(c)) }

// ARPOp matches the ARP operation: 1 request, 2 reply.
func (m *Match) ARPOp(op uint16) *Match { return m.Uint(FieldARPOp, uint64(op)) }

// ARPSPA matches the sender's protocol address.
func (m *Match) ARPSPA(a netip.Addr) *Match { return m.Addr(FieldARPSPA, a) }

// ARPTPA matches the target's protocol address.
func (m *Match) ARPTPA(a netip.Addr) *Match { return m.Addr(FieldARPTPA, a) }

// ARPTPAPrefix matches the target's protocol address by prefix.
func (m *Match) ARPTPAPrefix(p netip.Prefix) *Match { return m.Prefix(FieldARPTPA, p) }

// ARPSHA matches the sender's hardware address.
func (m *Match) ARPSHA(a MAC) *Match { return m.MAC(FieldARPSHA, a) }

// ARPTHA matches the target's hardware address.
func (m *Match) ARPTHA(a MAC) *Match { return m.MAC(FieldARPTHA, a) }

// NDTarget matches the target of a neighbour solicitation or advertisement.
func (m *Match) NDTarget(a netip.Addr) *Match { return m.Addr(FieldNDTarget, a) }

// NDTargetPrefix matches the target by prefix.
func (m *Match) NDTargetPrefix(p netip.Prefix) *Match { return m.Prefix(FieldNDTarget, p) }

// NDSLL matches the source link-layer option of a solicitation.
func (m *Match) NDSLL(a MAC) *Match { return m.MAC(FieldNDSLL, a) }

// NDTLL matches the target link-layer option of an advertisement.
func (m *Match) NDTLL(a MAC) *Match { return m.MAC(FieldNDTLL, a) }

// TunnelID matches the key of the tunnel a packet came by.
func (m *Match) TunnelID(id uint64) *Match { return m.Uint(FieldTunnelID, id) }

// TunnelSrc matches the outer IPv4 source address.
func (m *Match) TunnelSrc(a netip.Addr) *Match { return m.Addr(FieldTunnelSrc, a) }

// TunnelDst matches the outer IPv4 destination address.
func (m *Match) TunnelDst(a netip.Addr) *Match { return m.Addr(FieldTunnelDst, a) }

// Reg returns register i, 0 to 15; a greater number wraps around.
func Reg(i int) Field { return FieldReg0 + Field(i&15)<<9 }

// Reg matches register i, 0 to 15.
func (m *Match) Reg(i int, value uint32) *Match { return m.Uint(Reg(i), uint64(value)) }

// RegMasked matches those bits of register i that mask has.
func (m *Match) RegMasked(i int, value, mask uint32) *Match {
	return m.UintMasked(Reg(i), uint64(value), uint64(mask))
}

// CTMark matches those bits of the connection's mark that mask has.
func (m *Match) CTMark(value, mask uint32) *Match {
	return m.UintMasked(FieldCTMark, uint64(value), uint64(mask))
}

// CTZone matches the zone of the last ct action.
func (m *Match) CTZone(zone uint16) *Match { return m.Uint(FieldCTZone, uint64(zone)) }

// ConjID matches the id of a fulfilled conjunction.
func (m *Match) ConjID(id uint32) *Match { return m.Uint(FieldConjID, uint64(id)) }
