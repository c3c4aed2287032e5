// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"net/netip"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Numbers of protocols (IANA).
const (
	typeIPv4               uint16 = 0x0800
	typeIPv6               uint16 = 0x86dd
	protoICMP              uint8  = 1
	protoTCP               uint8  = 6
	protoUDP               uint8  = 17
	protoICMPv6            uint8  = 58
	protoSCTP              uint8  = 132
	neighbourSolicitation  uint8  = 135
	neighbourAdvertisement uint8  = 136
)

// families are what access lists are about; never changed.
var families = [...]uint16{typeIPv4, typeIPv6}

// protocol is what a rule calls one.
type protocol struct {
	number   uint8
	family   uint16 // 0 for both
	src, dst openflow.Field
}

func protocols() map[string]protocol {
	return map[string]protocol{
		"tcp":    {protoTCP, 0, openflow.FieldTCPSrc, openflow.FieldTCPDst},
		"udp":    {protoUDP, 0, openflow.FieldUDPSrc, openflow.FieldUDPDst},
		"sctp":   {protoSCTP, 0, openflow.FieldSCTPSrc, openflow.FieldSCTPDst},
		"icmp":   {protoICMP, typeIPv4, 0, 0},
		"icmpv6": {protoICMPv6, typeIPv6, 0, 0},
	}
}

// rule is a rule of an access list.
type rule struct {
	permit           bool
	src, dst         netip.Prefix // invalid for anywhere
	proto            protocol     // number 0 for any
	srcPort, dstPort string       // "" for any
}

func newRule(n tree.Node) rule {
	return rule{
		permit: n.Get("action") == "permit", src: prefix(n.Get("source")), dst: prefix(n.Get("destination")),
		proto: protocols()[n.Get("protocol")], srcPort: n.Get("source-port"), dstPort: n.Get("destination-port"),
	}
}

func prefix(text string) netip.Prefix {
	p, _ := netip.ParsePrefix(text) // the schema has checked it; invalid of nothing
	return p
}

// matches returns what the rule is about, for the ports that have the list. Later fragments
// have no ports: a rule that permits some permits them by their addresses, as they are
// worth nothing without the first; one that denies some leaves them to the next rule.
func (r rule) matches(acl uint32) []openflow.Match {
	var list []openflow.Match
	for _, family := range families {
		if !r.of(family) {
			continue
		}
		base := r.network(acl, family)
		if r.srcPort == "" && r.dstPort == "" {
			list = append(list, base)
			continue
		}
		if r.permit {
			later := base
			list = append(list, *later.UintMasked(openflow.FieldIPFrag, fragLater, fragLater))
		}
		for _, s := range portMasks(r.srcPort) {
			for _, d := range portMasks(r.dstPort) {
				m := base
				matchPort(&m, r.proto.src, s)
				matchPort(&m, r.proto.dst, d)
				list = append(list, m)
			}
		}
	}
	return list
}

// fragLater is the bit of ip_frag that fragments have behind the first (ovs-fields(7)).
const fragLater = 2

// of says whether the rule can be about packets of a family.
func (r rule) of(family uint16) bool {
	if r.proto.family != 0 && r.proto.family != family {
		return false
	}
	for _, p := range []netip.Prefix{r.src, r.dst} {
		if p.IsValid() && p.Addr().Is4() != (family == typeIPv4) {
			return false
		}
	}
	return true
}

// network matches all but ports.
func (r rule) network(acl uint32, family uint16) (m openflow.Match) {
	src, dst := openflow.FieldIPv4Src, openflow.FieldIPv4Dst
	if family == typeIPv6 {
		src, dst = openflow.FieldIPv6Src, openflow.FieldIPv6Dst
	}
	m.Reg(regACL, acl).EthType(family)
	if r.proto.number != 0 {
		m.IPProto(r.proto.number)
	}
	if r.src.IsValid() {
		m.Prefix(src, r.src)
	}
	if r.dst.IsValid() {
		m.Prefix(dst, r.dst)
	}
	return m
}

// portMasks returns what matches a range of ports; one that matches all for none.
func portMasks(text string) []masked {
	if text == "" {
		return []masked{{}}
	}
	return spans(text)[0].masks()
}

func matchPort(m *openflow.Match, f openflow.Field, v masked) {
	switch v.mask {
	case 0:
	case 0xffff:
		m.Uint(f, uint64(v.value))
	default:
		m.UintMasked(f, uint64(v.value), uint64(v.mask))
	}
}
