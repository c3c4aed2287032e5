// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"net/netip"

	of "github.com/linkspan/linkspan/wire/openflow"
)

var (
	router   = of.MAC{0x02, 0xff, 0, 0, 0, 1}
	c1       = of.MAC{0x02, 1, 0x0a, 1, 0, 0x0b}
	zoneReg0 = of.Reg(0).Bits(0, 16)
)

func ip(s string) netip.Addr    { return netip.MustParseAddr(s) }
func pfx(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// flowCase is a flow and how Open vSwitch prints its match and actions.
type flowCase struct {
	name  string
	table uint8
	prio  uint16
	match func(*of.Match)
	body  of.Instructions
	want  string
}

func (c *flowCase) mod() *of.FlowMod {
	m := new(of.Match)
	c.match(m)
	return &of.FlowMod{TableID: c.table, Priority: c.prio, Match: m.View(), Instructions: c.body}
}

func apply(a of.Actions) of.Instructions { return of.Instructions(nil).Apply(a) }
func acts() of.Actions                   { return nil }

// flowCases are the flows of a stateful pipeline: guard, responders, routing,
// conntrack, punts, translation.
func flowCases() []flowCase {
	return append(append(guardCases(), responderCases()...), routeCases()...)
}

func guardCases() []flowCase {
	return []flowCase{
		{"tagged frames", 0, 300, func(m *of.Match) { m.InPort(11).VLANTCI(0x1000, 0x1000) }, nil,
			"priority=300,in_port=11,vlan_tci=0x1000/0x1000 actions=drop"},
		{"classify", 0, 100, func(m *of.Match) { m.InPort(11) },
			apply(acts().Load(of.Reg(0).All(), 10).Load(of.Reg(1).All(), 11)).GotoTable(5),
			"priority=100,in_port=11 actions=load:0xa->NXM_NX_REG0[],load:0xb->NXM_NX_REG1[],goto_table:5"},
		{"arp probe of own address", 5, 110, func(m *of.Match) { m.InPort(11).EthType(0x806).ARPTPA(ip("10.1.0.11")) }, nil,
			"priority=110,arp,in_port=11,arp_tpa=10.1.0.11 actions=drop"},
		{"arp guard", 5, 100, func(m *of.Match) {
			m.InPort(11).EthSrc(c1).EthType(0x806).ARPSPA(ip("10.1.0.11")).ARPSHA(c1)
		}, of.Instructions(nil).GotoTable(10),
			"priority=100,arp,in_port=11,dl_src=02:01:0a:01:00:0b,arp_spa=10.1.0.11,arp_sha=02:01:0a:01:00:0b actions=goto_table:10"},
		{"ip guard", 5, 100, func(m *of.Match) { m.InPort(11).EthSrc(c1).EthType(0x800).IPv4Src(ip("10.1.0.11")) },
			apply(acts().CT(&of.CT{Table: 21, ZoneFrom: zoneReg0})),
			"priority=100,ip,in_port=11,dl_src=02:01:0a:01:00:0b,nw_src=10.1.0.11 actions=ct(table=21,zone=NXM_NX_REG0[0..15])"},
		{"duplicate address detection", 5, 130, func(m *of.Match) {
			m.EthType(0x86dd).IPProto(58).IPv6Src(ip("::")).ICMPv6Type(135)
		}, nil, "priority=130,icmp6,ipv6_src=::,icmp_type=135 actions=drop"},
		{"nd guard", 5, 120, func(m *of.Match) {
			m.InPort(11).EthSrc(c1).EthType(0x86dd).IPProto(58).IPv6SrcPrefix(pfx("fe80::/10")).ICMPv6Type(135)
		}, of.Instructions(nil).GotoTable(10),
			"priority=120,icmp6,in_port=11,dl_src=02:01:0a:01:00:0b,ipv6_src=fe80::/10,icmp_type=135 actions=goto_table:10"},
	}
}

func responderCases() []flowCase {
	spa, tpa := of.FieldNXMARPSPA.All(), of.FieldNXMARPTPA.All()
	return []flowCase{
		{"arp responder", 10, 100, func(m *of.Match) { m.Reg(0, 10).EthType(0x806).ARPOp(1).ARPTPAPrefix(pfx("10.1.0.0/24")) },
			apply(acts().Move(of.FieldNXMEthSrc.All(), of.FieldNXMEthDst.All()).SetMAC(of.FieldEthSrc, router).
				Load(of.FieldNXMARPOp.All(), 2).Move(of.FieldNXMARPSHA.All(), of.FieldNXMARPTHA.All()).
				SetMAC(of.FieldARPSHA, router).Move(tpa, of.Reg(3).All()).Move(spa, tpa).Move(of.Reg(3).All(), spa).
				Output(of.PortInPort, 0)),
			"priority=100,arp,reg0=0xa,arp_tpa=10.1.0.0/24,arp_op=1 actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]," +
				"set_field:02:ff:00:00:00:01->eth_src,load:0x2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]," +
				"set_field:02:ff:00:00:00:01->arp_sha,move:NXM_OF_ARP_TPA[]->NXM_NX_REG3[]," +
				"move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],move:NXM_NX_REG3[]->NXM_OF_ARP_SPA[],IN_PORT"},
		{"nd responder, first half", 10, 100, func(m *of.Match) {
			m.Reg(0, 10).EthType(0x86dd).IPProto(58).ICMPv6Type(135).ICMPv6Code(0).NDTargetPrefix(pfx("fd01::/64"))
		}, apply(acts().SetUint(of.FieldICMPv6Type, 136).SetUint(of.FieldNDOptionsType, 2).
			SetUint(of.FieldNDReserved, 0xe0000000)).GotoTable(11),
			"priority=100,icmp6,reg0=0xa,icmp_type=135,icmp_code=0,nd_target=fd01::/64 actions=" +
				"set_field:136->icmpv6_type,set_field:2->nd_options_type,set_field:3758096384->nd_reserved,goto_table:11"},
		{"nd responder, second half", 11, 100, func(m *of.Match) {
			m.EthType(0x86dd).IPProto(58).ICMPv6Type(136).ICMPv6Code(0)
		}, apply(acts().Move(of.FieldNXMEthSrc.All(), of.FieldNXMEthDst.All()).SetMAC(of.FieldEthSrc, router).
			Move(of.FieldNXMIPv6Src.All(), of.FieldNXMIPv6Dst.All()).
			Move(of.FieldNXMNDTarget.All(), of.FieldNXMIPv6Src.All()).
			SetMAC(of.FieldNDTLL, router).Output(of.PortInPort, 0)),
			"priority=100,icmp6,icmp_type=136,icmp_code=0 actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]," +
				"set_field:02:ff:00:00:00:01->eth_src,move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[]," +
				"move:NXM_NX_ND_TARGET[]->NXM_NX_IPV6_SRC[],set_field:02:ff:00:00:00:01->nd_tll,IN_PORT"},
	}
}

func routeCases() []flowCase {
	const est, trk, inv, rel, isnew, rpl = of.CTEstablished, of.CTTracked, of.CTInvalid, of.CTRelated, of.CTNew, of.CTReply
	return []flowCase{
		{"established", 21, 100, func(m *of.Match) { m.CTState(trk|est, trk|est|inv).EthType(0x800) },
			of.Instructions(nil).GotoTable(22), "priority=100,ct_state=+est-inv+trk,ip actions=goto_table:22"},
		{"related", 21, 100, func(m *of.Match) { m.CTState(trk|rel, trk|rel|inv).EthType(0x86dd) },
			of.Instructions(nil).GotoTable(22), "priority=100,ct_state=+rel-inv+trk,ipv6 actions=goto_table:22"},
		{"new connection", 21, 50, func(m *of.Match) {
			m.CTState(trk|isnew, trk|isnew|est).EthType(0x800).IPProto(6).IPv4Src(ip("10.1.0.11")).IPv4Dst(ip("10.1.0.12")).TCPDst(7000)
		}, apply(acts().CT(&of.CT{Flags: of.CTCommit, ZoneFrom: zoneReg0, Table: of.NoTable})).GotoTable(22),
			"priority=50,ct_state=+new-est+trk,tcp,nw_src=10.1.0.11,nw_dst=10.1.0.12,tp_dst=7000 actions=ct(commit,zone=NXM_NX_REG0[0..15]),goto_table:22"},
		{"class of connections opened", 31, 200, func(m *of.Match) {
			m.Reg(0, 10).EthType(0x800).IPv4Src(ip("10.1.0.11")).IPv4Dst(ip("10.1.0.12"))
			m.CTState(trk|isnew, trk|isnew|rpl|inv).CTProto(6).CTPortDst(448, 0xffc0)
		}, apply(acts().CT(&of.CT{Flags: of.CTCommit, Zone: 11, Table: of.NoTable}).Output(12, 0)),
			"priority=200,ct_state=+new-rpl-inv+trk,ct_nw_proto=6,ct_tp_dst=0x1c0/0xffc0,ip,reg0=0xa,nw_src=10.1.0.11,nw_dst=10.1.0.12 actions=ct(commit,zone=11),output:12"},
		{"replies of echoes", 31, 200, func(m *of.Match) {
			m.EthType(0x800).CTState(trk|rpl, trk|rpl|inv).CTProto(1).CTPortSrc(8, 0xffff).CTIPv4Src(ip("10.1.0.11")).CTIPv4Dst(ip("10.1.0.12"))
		}, apply(acts().Output(12, 0)),
			"priority=200,ct_state=+rpl-inv+trk,ct_nw_src=10.1.0.11,ct_nw_dst=10.1.0.12,ct_nw_proto=1,ct_tp_src=8,ip actions=output:12"},
		{"any of a protocol", 31, 200, func(m *of.Match) {
			m.EthType(0x800).CTState(trk, trk|inv).CTProto(17).CTPortDst(53, 0)
		}, nil, "priority=200,ct_state=-inv+trk,ct_nw_proto=17,ip actions=drop"},
		{"a block of ports", 31, 200, func(m *of.Match) { m.EthType(0x800).IPProto(6).TCPDstBits(80, 0xfff0) },
			nil, "priority=200,tcp,tp_dst=0x50/0xfff0 actions=drop"},
		{"a block of datagrams' ports", 31, 200, func(m *of.Match) { m.EthType(0x800).IPProto(17).UDPDstBits(80, 0xfff0) },
			nil, "priority=200,udp,tp_dst=0x50/0xfff0 actions=drop"},
		{"a port of associations", 31, 200, func(m *of.Match) { m.EthType(0x800).IPProto(132).SCTPDstBits(80, 0xffff) },
			nil, "priority=200,sctp,tp_dst=80 actions=drop"},
		{"route", 22, 100, func(m *of.Match) { m.Reg(0, 10).EthType(0x800).IPv4Dst(ip("10.1.0.12")) },
			of.Instructions(nil).Meter(11).Apply(acts().DecTTL().SetMAC(of.FieldEthSrc, router).SetMAC(of.FieldEthDst, c1).Output(12, 0)),
			"priority=100,ip,reg0=0xa,nw_dst=10.1.0.12 actions=meter:11,dec_ttl,set_field:02:ff:00:00:00:01->eth_src,set_field:02:01:0a:01:00:0b->eth_dst,output:12"},
		{"last hop", 22, 200, func(m *of.Match) { m.EthType(0x800).IPTTL(1) },
			of.Instructions(nil).Meter(11).Apply(acts().Controller(&of.Controller{MaxLen: 200, ID: 7, Reason: of.ReasonInvalidTTL})),
			"priority=200,ip,nw_ttl=1 actions=meter:11,controller(reason=invalid_ttl,max_len=200,id=7)"},
		{"punt", 22, 1, func(m *of.Match) { m.InPort(11).EthType(0x800) },
			of.Instructions(nil).Meter(11).Apply(acts().Output(of.PortController, of.MaxLenNoBuffer)),
			"priority=1,ip,in_port=11 actions=meter:11,CONTROLLER:65535"},
		{"from the tunnel", 0, 100, func(m *of.Match) {
			m.InPort(2).TunnelID(20).TunnelSrc(ip("192.0.2.2")).EthType(0x800)
		}, apply(acts().Load(of.Reg(0).All(), 20).CT(&of.CT{Table: 21, ZoneFrom: zoneReg0})),
			"priority=100,ip,tun_id=0x14,tun_src=192.0.2.2,in_port=2 actions=load:0x14->NXM_NX_REG0[],ct(table=21,zone=NXM_NX_REG0[0..15])"},
		{"into the tunnel", 22, 100, func(m *of.Match) { m.Reg(0, 20).EthType(0x800).IPv4Dst(ip("10.1.0.13")) },
			apply(acts().DecTTL().SetAddr(of.FieldTunnelDst, ip("192.0.2.2")).SetUint(of.FieldTunnelID, 20).Output(2, 0)),
			"priority=100,ip,reg0=0x14,nw_dst=10.1.0.13 actions=dec_ttl,set_field:192.0.2.2->tun_dst,set_field:0x14->tun_id,output:2"},
		{"dns question", 5, 300, func(m *of.Match) {
			m.InPort(11).EthSrc(c1).EthType(0x800).IPProto(17).IPv4Src(ip("10.1.0.11")).UDPDst(53)
		}, apply(acts().CT(&of.CT{Flags: of.CTCommit, Table: 30, ZoneFrom: zoneReg0,
			Actions: acts().NAT(&of.NAT{Flags: of.NATDst, AddrMin: ip("169.254.53.53"), PortMin: 53})})),
			"priority=300,udp,in_port=11,dl_src=02:01:0a:01:00:0b,nw_src=10.1.0.11,tp_dst=53 actions=ct(commit,table=30,zone=NXM_NX_REG0[0..15],nat(dst=169.254.53.53:53))"},
		{"dns answer", 0, 100, func(m *of.Match) {
			m.InPort(53).EthType(0x800).IPProto(17).IPv4Src(ip("169.254.53.53")).UDPSrc(53)
		}, apply(acts().Load(of.Reg(0).All(), 10).SetAddr(of.FieldIPv4Dst, ip("10.1.0.11")).
			CT(&of.CT{Table: 31, ZoneFrom: zoneReg0, Actions: acts().NAT(&of.NAT{})})),
			"priority=100,udp,in_port=53,nw_src=169.254.53.53,tp_src=53 actions=load:0xa->NXM_NX_REG0[],set_field:10.1.0.11->ip_dst,ct(table=31,zone=NXM_NX_REG0[0..15],nat)"},
		{"marked connection", 22, 90, func(m *of.Match) { m.CTMark(1, 0xff).CTZone(10).EthType(0x800) },
			apply(acts().CT(&of.CT{Flags: of.CTCommit | of.CTForce, Zone: 10, Table: of.NoTable,
				Actions: acts().SetUint(of.FieldCTMark, 5)})),
			"priority=90,ct_zone=10,ct_mark=0x1/0xff,ip actions=ct(commit,force,zone=10,exec(set_field:0x5->ct_mark))"},
	}
}
