// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// passBits are what of an address is the number of a port: the host's stack knows an
// endpoint by that, which it has in the last half of the destination address. What the
// rest is, is the host's affair.
func passBits(f *family) netip.Addr {
	if f.ethType == ethIPv4 {
		return netip.AddrFrom4([4]byte{2: 0xff, 3: 0xff})
	}
	return netip.AddrFrom16([16]byte{14: 0xff, 15: 0xff})
}

// passAddr is a port's number where passBits are.
func passAddr(f *family, port uint32) netip.Addr {
	if f.ethType == ethIPv4 {
		return netip.AddrFrom4([4]byte{2: byte(port >> 8), 3: byte(port)})
	}
	return netip.AddrFrom16([16]byte{14: byte(port >> 8), 15: byte(port)})
}

// ofPassage is what a chassis has for each endpoint attached on it whose network is
// not internal, and apart from it for the endpoint's face: what the host's stack sends it
// bears its own address from table enter on, and its network's gateway address where the
// host itself speaks; and echo requests to the gateway address are answered, as many as
// ARP requests. On a bridge of the host all that is the host's affair.
func ofPassage(n *linkspan.Network, e *linkspan.Endpoint) Set {
	if n == nil || n.Internal || !n.GatewayTo(e.Address).IsValid() || n.Driver == linkspan.Bridge {
		return Set{}
	}
	o, f, gateway := owner{KindPassage, endpointObject(e)}, familyOf(e.Address), n.GatewayTo(e.Address)
	to := func() *openflow.Match {
		return match().InPort(linkspan.GatewayPort).EthType(f.ethType).AddrMasked(f.dst, passAddr(&f, e.Port), passBits(&f))
	}
	ping := toGateway(gateway).InPort(e.Port).EthSrc(e.MAC).EthDst(RouterMAC()).Addr(f.src, e.Address)
	return Set{Flows: []Flow{
		o.flow(tableClassify, priorityPass, to(), enter(nil, e)),
		o.flow(tableClassify, priorityHost, to().Addr(f.src, linkspan.GatewayHostTo(gateway)),
			enter(openflow.Actions(nil).SetAddr(f.src, gateway), e)),
		o.flow(tableGuard, priorityEcho, ping, openflow.Instructions(nil).Meter(arpMeter(e.Port).ID).GotoTable(tableNeighbour)),
	}}
}

// enter appends what makes a packet of the host's one for the endpoint.
func enter(a openflow.Actions, e *linkspan.Endpoint) openflow.Instructions {
	return apply(a.SetAddr(familyOf(e.Address).dst, e.Address).
		SetUint(openflow.Reg(regNetwork), uint64(e.Network)).
		SetUint(openflow.Reg(regPort), uint64(e.Port)),
	).GotoTable(tableEnter)
}

// toGateway matches echo requests to a network's gateway address that are whole: of a
// fragment the type cannot be changed in all parts. Those in parts go to the host.
func toGateway(gateway netip.Addr) *openflow.Match {
	const fragment = 3
	m := received(match(), gateway).UintMasked(openflow.FieldIPFrag, 0, fragment)
	if gateway.Is4() {
		return m.IPProto(packet.ProtoICMP).ICMPType(packet.ICMPEchoRequest)
	}
	return m.IPProto(packet.ProtoICMPv6).ICMPv6Type(packet.ICMPv6EchoRequest)
}

// echoReply turns an echo request to a gateway address into its answer and sends it
// back.
func echoReply(gateway netip.Addr) openflow.Actions {
	f := familyOf(gateway)
	a := openflow.Actions(nil).
		Move(openflow.FieldEthSrc.All(), openflow.FieldEthDst.All()).
		SetMAC(openflow.FieldEthSrc, RouterMAC()).
		Move(f.src.All(), f.dst.All()).SetAddr(f.src, gateway)
	if gateway.Is4() {
		a = a.SetUint(openflow.FieldICMPType, uint64(packet.ICMPEchoReply))
	} else {
		a = a.SetUint(openflow.FieldICMPv6Type, uint64(packet.ICMPv6EchoReply))
	}
	return a.Output(openflow.PortInPort, 0)
}

// samePassage says whether two records of a network, either of which may be nil, make
// the same of ofPassage.
func samePassage(a, b *linkspan.Network) bool {
	return a != nil && b != nil && a.Internal == b.Internal && a.Gateway == b.Gateway && a.Gateway6 == b.Gateway6
}

// entrances is what becomes of packets from the host's stack that have no route or no
// class; of ICMP errors, as what they quote names an address of the host's, which no
// flow can change; and of what the stack sends to groups, which is nobody's.
func entrances(o owner) Set {
	meter := arrivalMeter(linkspan.GatewayPort)
	s := Set{Meters: []Meter{meter}}
	for _, f := range families {
		from := func() *openflow.Match { return match().InPort(linkspan.GatewayPort).EthType(f.ethType) }
		s.Flows = append(s.Flows,
			o.flow(tableClassify, priorityGroup, from().Prefix(f.dst, groups(&f)), drop()),
			o.flow(tableEnter, priorityPunt, from(), punt(meter)),
			o.flow(tableEntered, priorityPunt, from(), punt(meter)),
		)
		s.Flows = append(s.Flows, strays(o, f, tableEntered, linkspan.GatewayPort, meter)...)
		if f.ethType == ethIPv6 { // RFC 4443: unreachable, too big, time exceeded, parameter problem
			for t := uint8(1); t <= 4; t++ {
				s.Flows = append(s.Flows, o.flow(tableEnter, priorityError, from().IPProto(packet.ProtoICMPv6).ICMPv6Type(t), punt(meter)))
			}
			continue
		}
		for _, t := range []uint8{packet.ICMPDestUnreachable, packet.ICMPTimeExceeded, packet.ICMPParameterProblem} {
			s.Flows = append(s.Flows, o.flow(tableEnter, priorityError, from().IPProto(packet.ProtoICMP).ICMPType(t), punt(meter)))
		}
	}
	return s
}

// groups are a family's multicast addresses.
func groups(f *family) netip.Prefix {
	if f.ethType == ethIPv4 {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{224}), 4)
	}
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0xff}), 8)
}
