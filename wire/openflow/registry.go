// SPDX-License-Identifier: Apache-2.0

package openflow

import "iter"

// fieldInfo is what the registry knows about a field besides its numbers.
type fieldInfo struct {
	field Field
	name  string // in a match, as ovs-fields(7) has it
	mask  bool   // an arbitrary mask is allowed
	bits  uint8  // width in bits, 0 when it is all of its bytes
	form  form   // how people write its value
}

// info returns the registry's entry.
func (f Field) info() (fieldInfo, bool) {
	for i := range registry {
		if registry[i].field == f {
			return registry[i], true
		}
	}
	return fieldInfo{}, false
}

// FieldByName returns the field with a name of ovs-fields(7), for example
// "nw_dst" or "reg0". Where several classes have the field, the OpenFlow basic
// class is preferred.
func FieldByName(name string) (Field, bool) {
	for i := range registry {
		if registry[i].name == name {
			return registry[i].field, true
		}
	}
	return 0, false
}

// Fields yields every field that this package can name.
func Fields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for i := range registry {
			if !yield(registry[i].field) {
				return
			}
		}
	}
}

// registry holds every field this package can name. The basic class stands
// first: FieldByName relies on it. It is never written.
var registry = [...]fieldInfo{
	{FieldInPort, "in_port", false, 0, formPort},
	{FieldInPhyPort, "in_phy_port", false, 0, formPort},
	{FieldMetadata, "metadata", true, 0, formHex},
	{FieldEthDst, "eth_dst", true, 0, formMAC},
	{FieldEthSrc, "eth_src", true, 0, formMAC},
	{FieldEthType, "eth_type", false, 0, formHex},
	{FieldVLANVID, "vlan_vid", true, 12, formDec},
	{FieldVLANPCP, "vlan_pcp", false, 3, formDec},
	{FieldIPDSCP, "ip_dscp", false, 6, formDec},
	{FieldIPECN, "nw_ecn", false, 2, formDec},
	{FieldIPProto, "nw_proto", false, 0, formDec},
	{FieldIPv4Src, "nw_src", true, 0, formAddr},
	{FieldIPv4Dst, "nw_dst", true, 0, formAddr},
	{FieldTCPSrc, "tcp_src", true, 0, formDec},
	{FieldTCPDst, "tcp_dst", true, 0, formDec},
	{FieldUDPSrc, "udp_src", true, 0, formDec},
	{FieldUDPDst, "udp_dst", true, 0, formDec},
	{FieldSCTPSrc, "sctp_src", true, 0, formDec},
	{FieldSCTPDst, "sctp_dst", true, 0, formDec},
	{FieldICMPType, "icmp_type", false, 0, formDec},
	{FieldICMPCode, "icmp_code", false, 0, formDec},
	{FieldARPOp, "arp_op", false, 0, formDec},
	{FieldARPSPA, "arp_spa", true, 0, formAddr},
	{FieldARPTPA, "arp_tpa", true, 0, formAddr},
	{FieldARPSHA, "arp_sha", true, 0, formMAC},
	{FieldARPTHA, "arp_tha", true, 0, formMAC},
	{FieldIPv6Src, "ipv6_src", true, 0, formAddr},
	{FieldIPv6Dst, "ipv6_dst", true, 0, formAddr},
	{FieldIPv6Label, "ipv6_label", true, 20, formHex},
	{FieldICMPv6Type, "icmpv6_type", false, 0, formDec},
	{FieldICMPv6Code, "icmpv6_code", false, 0, formDec},
	{FieldNDTarget, "nd_target", true, 0, formAddr},
	{FieldNDSLL, "nd_sll", true, 0, formMAC},
	{FieldNDTLL, "nd_tll", true, 0, formMAC},
	{FieldMPLSLabel, "mpls_label", false, 20, formDec},
	{FieldMPLSTC, "mpls_tc", false, 3, formDec},
	{FieldMPLSBOS, "mpls_bos", false, 1, formDec},
	{FieldTunnelID, "tun_id", true, 0, formHex},
	{FieldPacketType, "packet_type", false, 0, formHex},
	{FieldNXMInPort, "in_port", false, 0, formPort},
	{FieldNXMEthDst, "eth_dst", true, 0, formMAC},
	{FieldNXMEthSrc, "eth_src", true, 0, formMAC},
	{FieldNXMEthType, "eth_type", false, 0, formHex},
	{FieldVLANTCI, "vlan_tci", true, 0, formHex},
	{FieldNXMIPTOS, "nw_tos", false, 0, formDec},
	{FieldNXMIPProto, "nw_proto", false, 0, formDec},
	{FieldNXMIPSrc, "nw_src", true, 0, formAddr},
	{FieldNXMIPDst, "nw_dst", true, 0, formAddr},
	{FieldNXMTCPSrc, "tcp_src", true, 0, formDec},
	{FieldNXMTCPDst, "tcp_dst", true, 0, formDec},
	{FieldNXMUDPSrc, "udp_src", true, 0, formDec},
	{FieldNXMUDPDst, "udp_dst", true, 0, formDec},
	{FieldNXMICMPType, "icmp_type", false, 0, formDec},
	{FieldNXMICMPCode, "icmp_code", false, 0, formDec},
	{FieldNXMARPOp, "arp_op", false, 0, formDec},
	{FieldNXMARPSPA, "arp_spa", true, 0, formAddr},
	{FieldNXMARPTPA, "arp_tpa", true, 0, formAddr},
	{FieldReg0, "reg0", true, 0, formHex},
	{FieldReg1, "reg1", true, 0, formHex},
	{FieldReg2, "reg2", true, 0, formHex},
	{FieldReg3, "reg3", true, 0, formHex},
	{FieldReg4, "reg4", true, 0, formHex},
	{FieldReg5, "reg5", true, 0, formHex},
	{FieldReg6, "reg6", true, 0, formHex},
	{FieldReg7, "reg7", true, 0, formHex},
	{FieldReg8, "reg8", true, 0, formHex},
	{FieldReg9, "reg9", true, 0, formHex},
	{FieldReg10, "reg10", true, 0, formHex},
	{FieldReg11, "reg11", true, 0, formHex},
	{FieldReg12, "reg12", true, 0, formHex},
	{FieldReg13, "reg13", true, 0, formHex},
	{FieldReg14, "reg14", true, 0, formHex},
	{FieldReg15, "reg15", true, 0, formHex},
	{FieldNXMTunnelID, "tun_id", true, 0, formHex},
	{FieldNXMARPSHA, "arp_sha", true, 0, formMAC},
	{FieldNXMARPTHA, "arp_tha", true, 0, formMAC},
	{FieldNXMIPv6Src, "ipv6_src", true, 0, formAddr},
	{FieldNXMIPv6Dst, "ipv6_dst", true, 0, formAddr},
	{FieldNXMICMPv6Type, "icmpv6_type", false, 0, formDec},
	{FieldNXMICMPv6Code, "icmpv6_code", false, 0, formDec},
	{FieldNXMNDTarget, "nd_target", true, 0, formAddr},
	{FieldNXMNDSLL, "nd_sll", true, 0, formMAC},
	{FieldNXMNDTLL, "nd_tll", true, 0, formMAC},
	{FieldIPFrag, "ip_frag", true, 2, formHex},
	{FieldNXMIPv6Label, "ipv6_label", true, 20, formHex},
	{FieldNXMIPECN, "nw_ecn", false, 2, formDec},
	{FieldIPTTL, "nw_ttl", false, 0, formDec},
	{FieldNXMCookie, "cookie", true, 0, formHex},
	{FieldTunnelSrc, "tun_src", true, 0, formAddr},
	{FieldTunnelDst, "tun_dst", true, 0, formAddr},
	{FieldPacketMark, "pkt_mark", true, 0, formHex},
	{FieldNXMTCPFlags, "tcp_flags", true, 12, formHex},
	{FieldDPHash, "dp_hash", true, 0, formHex},
	{FieldRecircID, "recirc_id", false, 0, formHex},
	{FieldConjID, "conj_id", false, 0, formDec},
	{FieldTunnelGBPID, "tun_gbp_id", true, 0, formHex},
	{FieldTunnelGBPFlags, "tun_gbp_flags", true, 0, formHex},
	{FieldTunnelFlags, "tun_flags", true, 1, formHex},
	{FieldCTState, "ct_state", true, 0, formHex},
	{FieldCTZone, "ct_zone", false, 0, formDec},
	{FieldCTMark, "ct_mark", true, 0, formHex},
	{FieldCTLabel, "ct_label", true, 0, formHex},
	{FieldTunnelIPv6Src, "tun_ipv6_src", true, 0, formAddr},
	{FieldTunnelIPv6Dst, "tun_ipv6_dst", true, 0, formAddr},
	{FieldXXReg0, "xxreg0", true, 0, formHex},
	{FieldXXReg1, "xxreg1", true, 0, formHex},
	{FieldXXReg2, "xxreg2", true, 0, formHex},
	{FieldXXReg3, "xxreg3", true, 0, formHex},
	{FieldCTProto, "ct_nw_proto", false, 0, formDec},
	{FieldCTIPv4Src, "ct_nw_src", true, 0, formAddr},
	{FieldCTIPv4Dst, "ct_nw_dst", true, 0, formAddr},
	{FieldCTIPv6Src, "ct_ipv6_src", true, 0, formAddr},
	{FieldCTIPv6Dst, "ct_ipv6_dst", true, 0, formAddr},
	{FieldCTPortSrc, "ct_tp_src", true, 0, formDec},
	{FieldCTPortDst, "ct_tp_dst", true, 0, formDec},
	{FieldNDReserved, "nd_reserved", false, 0, formDec},
	{FieldNDOptionsType, "nd_options_type", false, 0, formDec},
	{FieldXReg0, "xreg0", true, 0, formHex},
	{FieldXReg1, "xreg1", true, 0, formHex},
	{FieldXReg2, "xreg2", true, 0, formHex},
	{FieldXReg3, "xreg3", true, 0, formHex},
	{FieldXReg4, "xreg4", true, 0, formHex},
	{FieldXReg5, "xreg5", true, 0, formHex},
	{FieldXReg6, "xreg6", true, 0, formHex},
	{FieldXReg7, "xreg7", true, 0, formHex},
	{FieldTCPFlags, "tcp_flags", true, 12, formHex},
	{FieldActsetOutput, "actset_output", false, 0, formPort},
}
