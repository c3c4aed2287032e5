// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// The messages of neighbour discovery (RFC 4861, 4).
const (
	routerSolicit    uint8 = 133
	neighbourSolicit uint8 = 135
	neighbourAdvert  uint8 = 136
	redirect         uint8 = 137
)

// ndHops is the hop limit that such a message must have (RFC 4861, 7.1.1): it comes
// from the same link.
const ndHops = 255

// discovery is what every chassis has for neighbour discovery. No endpoint gets such a
// message from another: one that lies would have its receiver send to whom it
// likes. What asks for a neighbour passes before, by a flow of the endpoint.
func discovery(o owner) []Flow {
	var flows []Flow
	for kind := routerSolicit; kind <= redirect; kind++ {
		flows = append(flows, o.flow(tableGuard, priorityDiscovery, icmp6(match(), kind), drop()))
	}
	return append(flows, o.flow(tableAdvert, priorityPass, icmp6(match(), neighbourAdvert).ICMPv6Code(0), apply(advertise())))
}

// icmp6 adds to a match that packets are ICMPv6 of a type.
func icmp6(m *openflow.Match, kind uint8) *openflow.Match {
	const protocol = 58
	return m.EthType(ethIPv6).IPProto(protocol).ICMPv6Type(kind)
}

// solicits matches what asks for a neighbour, properly, from an address.
func solicits(m *openflow.Match, from netip.Addr) *openflow.Match {
	return icmp6(m, neighbourSolicit).IPv6Src(from).IPTTL(ndHops)
}

// turn makes an advertisement of a solicitation, as far as the fields that both have go:
// its type, and that it has the address of the target and not of the source (RFC
// 4861, 4.4). What only an advertisement has is set in the next table, which matches
// one. It tells of a router, says that it was asked for, and takes the place of
// what is known.
func turn() openflow.Actions {
	const target, flags = 2, 0xe0000000
	return openflow.Actions(nil).
		SetUint(openflow.FieldICMPv6Type, uint64(neighbourAdvert)).
		SetUint(openflow.FieldNDOptionsType, target).
		SetUint(openflow.FieldNDReserved, flags)
}

// advertise sends an advertisement back: the router's address is what was asked for.
func advertise() openflow.Actions {
	router := RouterMAC()
	return openflow.Actions(nil).
		Move(openflow.FieldEthSrc.All(), openflow.FieldEthDst.All()).
		SetMAC(openflow.FieldEthSrc, router).
		Move(openflow.FieldIPv6Src.All(), openflow.FieldIPv6Dst.All()).
		Move(openflow.FieldNDTarget.All(), openflow.FieldIPv6Src.All()).
		SetMAC(openflow.FieldNDTLL, router).
		Output(openflow.PortInPort, 0)
}

// ofFace is what a chassis has for the second address of an endpoint, beside what it
// has for the endpoint: its meters are those of the endpoint's port.
func ofFace(e *linkspan.Endpoint) Set {
	o := owner{KindEndpoint, endpointObject(e)}
	punts, asks := puntMeter(e.Port), arpMeter(e.Port)
	from := func() *openflow.Match { return match().InPort(e.Port).EthSrc(e.MAC) }
	answer := openflow.Instructions(nil).Meter(asks.ID).GotoTable(tableNeighbour)
	return Set{Flows: append(strays(o, familyOf(e.Address), tableTracked, e.Port, punts),
		o.flow(tableGuard, priorityOwn6, icmp6(match().InPort(e.Port), neighbourSolicit).NDTarget(e.Address), drop()),
		o.flow(tableGuard, prioritySolicit, solicits(from(), e.Address), answer),
		o.flow(tableGuard, prioritySolicit, solicits(from(), e.MAC.LinkLocal()), answer),
		o.flow(tableGuard, priorityPass, sent(from().EthDst(RouterMAC()), e.Address), goTo(tableRoute)),
		o.flow(tableRoute, priorityExpire, match().InPort(e.Port).EthType(ethIPv6).IPTTL(1), punt(punts)),
		o.flow(tableRoute, priorityPunt, match().InPort(e.Port).EthType(ethIPv6), punt(punts)),
		o.flow(tableTracked, priorityPunt, match().InPort(e.Port).EthType(ethIPv6), punt(punts)),
	)}
}
