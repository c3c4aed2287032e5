// SPDX-License-Identifier: Apache-2.0

package openflow

import "slices"

// matchOrder lists the fields of a match in the order in which ovs-ofctl prints
// them, by their name in the registry and the name it prints. The protocol
// words (arp, ip, tcp and so on) stand where protocol is.
var matchOrder = [...]struct{ name, shown string }{
	{"pkt_mark", ""}, {"recirc_id", ""}, {"dp_hash", ""}, {"conj_id", ""}, {"packet_type", ""},
	{"ct_state", ""}, {"ct_zone", ""}, {"ct_mark", ""}, {"ct_label", ""},
	{"ct_nw_src", ""}, {"ct_ipv6_src", ""}, {"ct_nw_dst", ""}, {"ct_ipv6_dst", ""},
	{"ct_nw_proto", ""}, {"ct_tp_src", ""}, {"ct_tp_dst", ""},
	{protocol, ""},
	{"reg0", ""}, {"reg1", ""}, {"reg2", ""}, {"reg3", ""}, {"reg4", ""}, {"reg5", ""},
	{"reg6", ""}, {"reg7", ""}, {"reg8", ""}, {"reg9", ""}, {"reg10", ""}, {"reg11", ""},
	{"reg12", ""}, {"reg13", ""}, {"reg14", ""}, {"reg15", ""},
	{"xreg0", ""}, {"xreg1", ""}, {"xreg2", ""}, {"xreg3", ""}, {"xreg4", ""}, {"xreg5", ""},
	{"xreg6", ""}, {"xreg7", ""},
	{"xxreg0", ""}, {"xxreg1", ""}, {"xxreg2", ""}, {"xxreg3", ""},
	{"tun_id", ""}, {"tun_src", ""}, {"tun_dst", ""}, {"tun_ipv6_src", ""}, {"tun_ipv6_dst", ""},
	{"tun_gbp_id", ""}, {"tun_gbp_flags", ""}, {"tun_flags", ""},
	{"metadata", ""}, {"in_port", ""}, {"in_phy_port", ""}, {"actset_output", ""},
	{"vlan_tci", ""}, {"vlan_vid", "vlan_tci"}, {"vlan_pcp", "dl_vlan_pcp"},
	{"eth_src", "dl_src"}, {"eth_dst", "dl_dst"}, {"eth_type", "dl_type"},
	{"ipv6_src", ""}, {"ipv6_dst", ""}, {"ipv6_label", ""},
	{"arp_spa", ""}, {"arp_tpa", ""}, {"nw_src", ""}, {"nw_dst", ""},
	{"nw_proto", ""}, {"arp_op", ""}, {"arp_sha", ""}, {"arp_tha", ""},
	{"nw_tos", ""}, {"ip_dscp", ""}, {"nw_ecn", ""}, {"nw_ttl", ""},
	{"mpls_label", ""}, {"mpls_tc", ""}, {"mpls_bos", ""}, {"ip_frag", ""},
	{"icmp_type", ""}, {"icmp_code", ""}, {"icmpv6_type", "icmp_type"}, {"icmpv6_code", "icmp_code"},
	{"tcp_src", "tp_src"}, {"tcp_dst", "tp_dst"}, {"udp_src", "tp_src"}, {"udp_dst", "tp_dst"},
	{"sctp_src", "tp_src"}, {"sctp_dst", "tp_dst"},
	{"nd_target", ""}, {"nd_sll", ""}, {"nd_tll", ""}, {"nd_reserved", ""}, {"nd_options_type", ""},
	{"tcp_flags", ""}, {"cookie", ""},
}

// protocol marks the place of the protocol words.
const protocol = "protocol"

// String renders the match in the style of ovs-ofctl dump-flows, without the
// priority. The order is the same whatever the order and the classes of the
// fields, so that it also tells whether two matches are the same. Fields outside
// the registry come last, by number.
func (v MatchView) String() string { return string(v.appendText(nil)) }

// shown is a field on its way into the text.
type shown struct {
	order int // place in matchOrder
	name  string
	oxm   OXM
}

// appendText appends the fields with commas between them.
func (v MatchView) appendText(b []byte) []byte {
	word, hidesProto := v.protocolWord()
	var space [16]shown
	list := v.shown(space[:0], word)
	start := len(b)
	for i := range list {
		s := &list[i]
		switch {
		case word != "" && s.name == "dl_type", hidesProto && s.name == "nw_proto":
		case s.name == protocol:
			b = append(comma(b, start), word...)
		default:
			b = append(append(comma(b, start), s.name...), '=')
			b = s.oxm.appendText(b)
		}
	}
	return b
}

// shown appends the fields, and the protocol word unless it is empty, to list
// in the order of the text.
func (v MatchView) shown(list []shown, word string) []shown {
	for o := range v.All() {
		s := shown{len(matchOrder), o.Field.String(), o}
		s.order, s.name = placeOf(s.name)
		if o.Field == FieldVLANVID {
			s.name, s.oxm = o.vlanText()
		}
		list = append(list, s)
	}
	if word != "" {
		at, name := placeOf(protocol)
		list = append(list, shown{order: at, name: name})
	}
	slices.SortStableFunc(list, func(a, b shown) int { return a.order - b.order })
	return list
}

// placeOf returns a field's place in matchOrder and the name it is shown by.
func placeOf(name string) (int, string) {
	for i := range matchOrder {
		if matchOrder[i].name != name {
			continue
		}
		if matchOrder[i].shown != "" {
			return i, matchOrder[i].shown
		}
		return i, name
	}
	return len(matchOrder), name
}

// vlanText chooses between the number of a tag and bits of the control
// information, which vlan_vid is without the priority.
func (o OXM) vlanText() (string, OXM) {
	if v := o.Uint(); o.Mask == nil && v&0x1000 != 0 {
		return "dl_vlan", OXM{FieldVLANVID, []byte{byte(v>>8) & 0x0f, byte(v)}, nil}
	}
	o.Field = FieldVLANTCI
	if o.Mask == nil {
		o.Mask = []byte{0x1f, 0xff}
	}
	return "vlan_tci", o
}

// comma appends a comma unless nothing was appended since start.
func comma(b []byte, start int) []byte {
	if len(b) == start {
		return b
	}
	return append(b, ',')
}

// appendText appends value and mask.
func (o OXM) appendText(b []byte) []byte {
	if o.Field == FieldCTState {
		mask := CTState(0xff)
		if o.Mask != nil {
			mask = CTState(o.MaskUint())
		}
		return appendCTState(b, CTState(o.Uint()), mask)
	}
	return appendMasked(b, o.Field, o.Value, o.Mask)
}

// String renders the field as NAME=VALUE or NAME=VALUE/MASK.
func (o OXM) String() string {
	return string(o.appendText(append([]byte(o.Field.String()), '=')))
}

// protocolWord returns the word for eth_type and nw_proto, "" for none, and
// whether it says the IP protocol, too.
func (v MatchView) protocolWord() (word string, saysProto bool) {
	t, ok := v.either(FieldEthType, FieldNXMEthType)
	if !ok {
		return "", false
	}
	p, hasProto := v.either(FieldIPProto, FieldNXMIPProto)
	switch t {
	case 0x0806:
		return "arp", false
	case 0x8035:
		return "rarp", false
	case 0x0800:
		word = ipWord(p, hasProto, "ip", "icmp", 1, "")
	case 0x86dd:
		word = ipWord(p, hasProto, "ipv6", "icmp6", 58, "6")
	}
	return word, word != "" && word != "ip" && word != "ipv6"
}

// either returns the value of a field that two classes have.
func (v MatchView) either(f, g Field) (uint64, bool) {
	if n, ok := v.Uint(f); ok {
		return n, true
	}
	return v.Uint(g)
}

// ipWord returns the word for an IP protocol: suffix tells the families apart.
func ipWord(p uint64, ok bool, ip, icmp string, icmpProto uint64, suffix string) string {
	if !ok {
		return ip
	}
	switch p {
	case icmpProto:
		return icmp
	case 6:
		return "tcp" + suffix
	case 17:
		return "udp" + suffix
	case 132:
		return "sctp" + suffix
	}
	return ip
}
