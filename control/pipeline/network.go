// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ofNetwork is what a chassis has for each network with endpoints on it: the
// answer to who asks for any address of a subnet as a neighbour and, where packets may
// come directly from another chassis, what says that those for the subnet are
// the network's.
func ofNetwork(v *view.View, n *linkspan.Network) Set {
	o := owner{KindNetwork, uint64(n.ID)}
	m := match().Reg(regNetwork, uint32(n.ID)).EthType(ethARP).ARPOp(1).ARPTPAPrefix(n.Subnet)
	set := Set{Flows: []Flow{o.flow(tableNeighbour, priorityPass, m, apply(arpReply()))}}
	if n.Dual() {
		m := icmp6(match().Reg(regNetwork, uint32(n.ID)), neighbourSolicit).ICMPv6Code(0).NDTargetPrefix(n.Subnet6)
		set.Flows = append(set.Flows, o.flow(tableNeighbour, priorityPass, m, apply(turn()).GotoTable(tableAdvert)))
	}
	for _, gateway := range []netip.Addr{n.Gateway, n.Gateway6} {
		if !n.Internal && gateway.IsValid() && n.Driver != linkspan.Bridge {
			set.Flows = append(set.Flows, o.flow(tableNeighbour, priorityPass,
				toGateway(gateway).Reg(regNetwork, uint32(n.ID)), apply(echoReply(gateway))))
		}
	}
	if decide.MayBeDirect(v, n) {
		for _, subnet := range n.Subnets() {
			f := familyOf(subnet.Addr())
			set.Flows = append(set.Flows, o.flow(tableDirect, priorityPass,
				match().EthType(f.ethType).Prefix(f.dst, subnet), classifyDirect(n)))
		}
	}
	return set
}

func classifyDirect(n *linkspan.Network) openflow.Instructions {
	return apply(openflow.Actions(nil).
		SetUint(openflow.Reg(regNetwork), uint64(n.ID)),
	).GotoTable(tableDeliver)
}

// arpReply turns a request into its answer and sends it back: sender and
// target change places, the router's address is what was asked for. Register 3
// holds the asked address meanwhile.
func arpReply() openflow.Actions {
	const reply = 2
	router := RouterMAC()
	scratch := openflow.Reg(regScratch).All()
	tpa, spa := openflow.FieldARPTPA.All(), openflow.FieldARPSPA.All()
	return openflow.Actions(nil).
		Move(openflow.FieldEthSrc.All(), openflow.FieldEthDst.All()).
		SetMAC(openflow.FieldEthSrc, router).
		SetUint(openflow.FieldARPOp, reply).
		Move(openflow.FieldARPSHA.All(), openflow.FieldARPTHA.All()).
		SetMAC(openflow.FieldARPSHA, router).
		Move(tpa, scratch).Move(spa, tpa).Move(scratch, spa).
		Output(openflow.PortInPort, 0)
}
