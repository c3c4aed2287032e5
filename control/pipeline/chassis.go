// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ofChassis is what every chassis has.
func ofChassis(id linkspan.ChassisID) Set {
	o := owner{KindChassis, uint64(id)}
	set := Set{Flows: make([]Flow, 0, len(tables)+40)}
	for _, t := range tables {
		set.Flows = append(set.Flows, o.flow(t, priorityMiss, match(), drop()))
	}
	const tagged = 0x1000 // vlan_tci: a tag is present
	set.Flows = append(set.Flows,
		o.flow(tableClassify, priorityTagged, match().VLANTCI(tagged, tagged), drop()),
		probes(),
	)
	for _, f := range families {
		set.Flows = append(set.Flows,
			o.flow(tableClassify, priorityPass, fromTunnel(id, f), classifyTunnel()),
			o.flow(tableRoute, priorityExpired, match().EthType(f.ethType).IPTTL(0), drop()),
			o.flow(tableDeliver, priorityExpired, match().EthType(f.ethType).IPTTL(0), drop()),
		)
	}
	for _, t := range []uint8{tableTracked, tableArrived, tableEntered} {
		set.Flows = append(set.Flows, o.flow(t, priorityInvalid, match().CTState(ctInvalid, ctInvalid), drop()))
	}
	set.Flows = append(set.Flows, discovery(o)...)
	set.add(arrivals(o, linkspan.TunnelPort))
	set.add(arrivals(o, linkspan.DirectPort))
	set.add(entrances(o))
	return set
}

// probes keeps the frames that prove direct paths from the bridge. They are no
// loss, so the flow is not of the kind whose drops are counted.
func probes() Flow {
	return owner{KindPeer, 0}.flow(tableClassify, priorityPass, match().InPort(linkspan.DirectPort).EthType(ethProbe), drop())
}

// arrivals is what becomes of packets that come in at a port from other chassis
// and have no route, no class, or no time left.
func arrivals(o owner, port uint32) Set {
	m := arrivalMeter(port)
	set := Set{Meters: []Meter{m}}
	for _, f := range families {
		set.Flows = append(set.Flows, strays(o, f, tableArrived, port, m)...)
		set.Flows = append(set.Flows,
			o.flow(tableDeliver, priorityArrive, match().InPort(port).EthType(f.ethType).IPTTL(1), punt(m)),
			o.flow(tableDeliver, priorityPunt, match().InPort(port).EthType(f.ethType), punt(m)),
			o.flow(tableArrived, priorityPunt, match().InPort(port).EthType(f.ethType), punt(m)),
		)
	}
	return set
}

// fromTunnel matches what another chassis sent to this one.
func fromTunnel(id linkspan.ChassisID, f family) *openflow.Match {
	return match().InPort(linkspan.TunnelPort).EthDst(id.TunnelMAC()).
		EthSrcMasked(linkspan.MAC{senderPrefix}, linkspan.MAC{0xff}).EthType(f.ethType)
}

// classifyTunnel takes network and sender from the source address.
func classifyTunnel() openflow.Instructions {
	src := openflow.FieldEthSrc
	return apply(openflow.Actions(nil).
		Move(src.Bits(senderNetworkOfs, senderNetworkBits), openflow.Reg(regNetwork).Bits(0, senderNetworkBits)).
		Move(src.Bits(senderChassisOfs, senderChassisBits), openflow.Reg(regSender).Bits(0, senderChassisBits)),
	).GotoTable(tableDeliver)
}
