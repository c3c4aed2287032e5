// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ofChassis is what every chassis has.
func ofChassis(id linkspan.ChassisID) Set {
	o := owner{KindChassis, uint64(id)}
	set := Set{Flows: make([]Flow, 0, len(tables)+9)}
	for _, t := range tables {
		set.Flows = append(set.Flows, o.flow(t, priorityMiss, match(), drop()))
	}
	const tagged = 0x1000 // vlan_tci: a tag is present
	set.Flows = append(set.Flows,
		o.flow(tableClassify, priorityTagged, match().VLANTCI(tagged, tagged), drop()),
		o.flow(tableClassify, priorityPass, fromTunnel(id), classifyTunnel()),
		probes(),
		o.flow(tableRoute, priorityExpired, match().EthType(ethIPv4).IPTTL(0), drop()),
		o.flow(tableDeliver, priorityExpired, match().EthType(ethIPv4).IPTTL(0), drop()),
	)
	set.add(arrivals(o, linkspan.TunnelPort))
	set.add(arrivals(o, linkspan.DirectPort))
	return set
}

// probes keeps the frames that prove direct paths from the bridge. They are no
// loss, so the flow is not of the kind whose drops are counted.
func probes() Flow {
	return owner{KindPeer, 0}.flow(tableClassify, priorityPass, match().InPort(linkspan.DirectPort).EthType(ethProbe), drop())
}

// arrivals is what becomes of packets that come in at a port from other chassis
// and have no route, or no time left.
func arrivals(o owner, port uint32) Set {
	m := arrivalMeter(port)
	return Set{
		Meters: []Meter{m},
		Flows: []Flow{
			o.flow(tableDeliver, priorityArrive, match().InPort(port).EthType(ethIPv4).IPTTL(1), punt(m)),
			o.flow(tableDeliver, priorityPunt, match().InPort(port).EthType(ethIPv4), punt(m)),
		},
	}
}

// fromTunnel matches IPv4 that another chassis sent to this one.
func fromTunnel(id linkspan.ChassisID) *openflow.Match {
	return match().InPort(linkspan.TunnelPort).EthDst(id.TunnelMAC()).
		EthSrcMasked(linkspan.MAC{senderPrefix}, linkspan.MAC{0xff}).EthType(ethIPv4)
}

// classifyTunnel takes network and sender from the source address.
func classifyTunnel() openflow.Instructions {
	src := openflow.FieldEthSrc
	return apply(openflow.Actions(nil).
		Move(src.Bits(senderNetworkOfs, senderNetworkBits), openflow.Reg(regNetwork).Bits(0, senderNetworkBits)).
		Move(src.Bits(senderChassisOfs, senderChassisBits), openflow.Reg(regSender).Bits(0, senderChassisBits)),
	).GotoTable(tableDeliver)
}
