// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ofBridged is what a chassis has for an endpoint on a bridge of its host besides: the
// host's stack hands over what all of them send at one port. From there on the packet
// is one that came in at the endpoint's own, which is a number and nothing else; so no
// other flow need tell such endpoints from others, and what goes back to the port is no
// packet that returns where it came in.
func ofBridged(e *linkspan.Endpoint) Set {
	if e.Driver != linkspan.Bridge {
		return Set{}
	}
	return Set{Flows: []Flow{
		owner{KindEndpoint, endpointObject(e)}.flow(tableClassify, priorityPass,
			match().InPort(linkspan.BridgePort).EthType(ethIPv4).IPv4Src(e.Address), reenter(e)),
	}}
}

// reenter notes network and port, and that the packet came in there.
func reenter(e *linkspan.Endpoint) openflow.Instructions {
	return apply(openflow.Actions(nil).
		Load(openflow.FieldNXMInPort.All(), uint64(e.Port)).
		SetUint(openflow.Reg(regNetwork), uint64(e.Network)).
		SetUint(openflow.Reg(regPort), uint64(e.Port)),
	).GotoTable(tableGuard)
}
