// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ofEndpoint is what a chassis has for each endpoint attached on it, and apart from
// it for the endpoint's face at a second address.
func ofEndpoint(e *linkspan.Endpoint) Set {
	if view.IsFace(e) {
		return ofFace(e)
	}
	o := owner{KindEndpoint, endpointObject(e)}
	punts, arps := puntMeter(e.Port), arpMeter(e.Port)
	return Set{
		Meters: []Meter{punts, arps},
		Flows: append(strays(o, familyOf(e.Address), tableTracked, e.Port, punts),
			o.flow(tableClassify, priorityPass, match().InPort(e.Port), classify(e)),
			o.flow(tableGuard, priorityOwn,
				match().InPort(e.Port).EthType(ethARP).ARPTPA(e.Address), drop()),
			o.flow(tableGuard, priorityPass,
				match().InPort(e.Port).EthSrc(e.MAC).EthDst(RouterMAC()).EthType(ethIPv4).IPv4Src(e.Address),
				goTo(tableRoute)),
			o.flow(tableGuard, priorityPass,
				match().InPort(e.Port).EthSrc(e.MAC).EthType(ethARP).ARPSPA(e.Address).ARPSHA(e.MAC),
				openflow.Instructions(nil).Meter(arps.ID).GotoTable(tableNeighbour)),
			o.flow(tableRoute, priorityExpire,
				match().InPort(e.Port).EthType(ethIPv4).IPTTL(1), punt(punts)),
			o.flow(tableRoute, priorityPunt,
				match().InPort(e.Port).EthType(ethIPv4), punt(punts)),
			o.flow(tableTracked, priorityPunt,
				match().InPort(e.Port).EthType(ethIPv4), punt(punts)),
		),
	}
}

// classify notes network and port.
func classify(e *linkspan.Endpoint) openflow.Instructions {
	return apply(openflow.Actions(nil).
		SetUint(openflow.Reg(regNetwork), uint64(e.Network)).
		SetUint(openflow.Reg(regPort), uint64(e.Port)),
	).GotoTable(tableGuard)
}
