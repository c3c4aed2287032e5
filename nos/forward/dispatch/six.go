// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"net/netip"

	"github.com/linkspan/linkspan/wire/openflow"
)

// What the flows of IPv6 match. Neighbour discovery is to it what ARP is to IPv4 (RFC 4861).
const (
	typeIPv6  = 0x86dd
	protoICMP = 58 // ICMPv6

	routerSolicit    = 133
	routerAdvert     = 134
	neighbourSolicit = 135
	neighbourAdvert  = 136

	dhcp6Client, dhcp6Server = 546, 547 // UDP ports
)

// icmp6 adds to a match that packets are ICMPv6 of a type.
func icmp6(m *openflow.Match, kind uint8) *openflow.Match {
	return m.EthType(typeIPv6).IPProto(protoICMP).ICMPv6Type(kind)
}

func six(m *openflow.Match) *openflow.Match { return m.EthType(typeIPv6) }

// vlan6 adds what a VLAN has for IPv6 apart from its hosts. Who has no address yet, and asks routers or DHCP for one,
// cannot be known.
func (b *builder) vlan6(v *VLAN) {
	for _, ports := range [][2]uint64{{dhcp6Client, dhcp6Server}, {dhcp6Server, dhcp6Client}} {
		m := six(in(v.ID)).IPProto(protoUDP).Uint(openflow.FieldUDPSrc, ports[0]).Uint(openflow.FieldUDPDst, ports[1])
		b.add(tableDispatch, 1450, Cookie, m, to(tableItself))
	}
	b.add(tableDispatch, 1450, Cookie, icmp6(in(v.ID), routerSolicit), to(tableItself))
	b.add(tableDispatch, 1450, Cookie, icmp6(in(v.ID), routerAdvert), to(tableItself))
	if !v.Subnet6.IsValid() {
		return
	}
	router, forFabric := RouterMAC(), openflow.Actions(nil).SetUint(openflow.Reg(regFabric), 1)
	b.add(tableWatched, 1390, Cookie, icmp6(in(v.ID).EthDst(router), neighbourAdvert), apply(up(v.ID)))
	m := six(in(v.ID).EthDst(router)).IPv6DstPrefix(v.Subnet6)
	b.add(tableWatched, 1360, Cookie, m, apply(forFabric).GotoTable(tableNoticed))
	for _, kind := range []uint8{neighbourSolicit, neighbourAdvert} {
		b.add(tableNoticed, 1420, Cookie, icmp6(in(v.ID), kind), apply(up(v.ID)).GotoTable(tableItself))
	}
	b.add(tableNoticed, 1100, Cookie, six(toOne(in(v.ID))).IPv6SrcPrefix(v.Subnet6), apply(up(v.ID)).GotoTable(tableItself))
	b.add(tableSDN, 1450, Cookie, icmp6(in(v.ID), neighbourAdvert), apply(up(v.ID)))
	b.add(tableSDN, 1350, Cookie, icmp6(in(v.ID), neighbourSolicit), apply(up(v.ID)))
	b.add(tableSDN, 1300, Cookie, six(toOne(in(v.ID))).IPv6SrcPrefix(v.Subnet6), apply(up(v.ID)))
}

// ownInterface6 adds the ways to the switch's own interface at an address.
func (b *builder) ownInterface6(v *VLAN, a netip.Addr) {
	set := openflow.Actions(nil).SetMAC(openflow.FieldEthDst, v.Interface.MAC)
	b.add(tableNoticed, 1500, Cookie, six(in(v.ID)).IPv6Dst(a), to(tableItself))
	b.add(tableSDN, 1500, Cookie, icmp6(in(v.ID), neighbourSolicit).NDTarget(a), apply(out(v.Interface.Port)))
	b.add(tableSDN, 1500, Cookie, six(in(v.ID)).IPv6Dst(a), apply(set.Output(v.Interface.Port, 0)))
}

// station6 adds the ways to and from a host at its address of IPv6; those that are for its MAC address are there.
func (b *builder) station6(v *VLAN, s *Station) {
	if !s.Address6.IsValid() || s.Patch == 0 {
		return
	}
	router := RouterMAC()
	forIt := func() *openflow.Match { return six(in(v.ID).EthDst(router)).IPv6Dst(s.Address6) }
	if v.ModeAt(s.Port) == SDN {
		b.toSDN(tableWatched, 1400, forIt)
		b.toSDN(tableWatched, 1500, func() *openflow.Match { return icmp6(in(v.ID), neighbourSolicit).NDTarget(s.Address6) })
	} else {
		set := apply(openflow.Actions(nil).SetMAC(openflow.FieldEthDst, s.MAC)).GotoTable(tableNoticed)
		b.add(tableWatched, 1400, Cookie, forIt(), set)
		b.add(tableWatched, 1410, Cookie, icmp6(in(v.ID).EthDst(router), neighbourSolicit).NDTarget(s.Address6), set)
		b.known6(v, s)
	}
	toFabric := openflow.Actions(nil).SetMAC(openflow.FieldEthDst, router).Output(s.Patch, 0)
	b.add(tableSDN, 1400, Cookie, six(toOne(s.from())).IPv6Src(s.Address6), apply(toFabric))
	b.add(tableSDN, 1410, Cookie, icmp6(s.from(), neighbourSolicit), apply(append(up(v.ID), out(s.Patch)...)))
}

// known6 is known for IPv6: the questions that it asks are noticed, and never copied to the fabric, which would answer.
func (b *builder) known6(v *VLAN, s *Station) {
	b.add(tableNoticed, 1300, Cookie, six(toOne(s.from())).IPv6Src(s.Address6), to(tableItself))
	b.toSDN(tableNoticed, 1450, func() *openflow.Match {
		return six(s.from().Reg(regFabric, 1)).IPv6Src(s.Address6)
	})
	b.toSDN(tableNoticed, 1460, func() *openflow.Match { return icmp6(s.from().Reg(regFabric, 1), neighbourSolicit) })
	if !s.Shadow || !v.Subnet6.IsValid() {
		return
	}
	m := six(toOne(s.shadowed())).IPv6Src(s.Address6).IPv6DstPrefix(v.Subnet6)
	b.add(tableNoticed, 1400, CookieShadow|uint64(s.Patch), m, apply(s.copied()))
	b.add(tableStation, 1500, CookieDropped|uint64(s.Patch), six(in(v.ID)).IPv6Src(s.Address6), nil)
}
