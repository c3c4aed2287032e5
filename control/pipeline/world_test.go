// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func address(last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 7, 0, last}) }

func network(id linkspan.NetworkID) *linkspan.Network {
	return &linkspan.Network{
		ID: id, Name: id.String(), Idle: 30 * time.Second,
		Subnet: netip.MustParsePrefix("10.7.0.0/24"), Gateway: address(1),
	}
}

func endpoint(net linkspan.NetworkID, last byte, on linkspan.ChassisID, port uint32) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: net, Address: address(last), Chassis: on, Port: port,
		MAC: linkspan.MAC{2, 0, 10, 7, 0, last},
	}
}

// world: .2 and .3 on chassis 1, .4 on chassis 2.
func world() *view.View {
	v, _ := new(view.View).Apply(view.PutNetwork(network(7)),
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}), view.PutChassis(&linkspan.Chassis{ID: 2, Name: "h2"}),
		view.PutEndpoint(endpoint(7, 2, 1, 12)), view.PutEndpoint(endpoint(7, 3, 1, 13)),
		view.PutEndpoint(endpoint(7, 4, 2, 14)))
	return v
}

// nearby has the two chassis prove the direct path to each other.
func nearby(v *view.View) *view.View {
	v, _ = v.Apply(view.PutPaths(&linkspan.Paths{From: 1, To: []linkspan.ChassisID{2}}),
		view.PutPaths(&linkspan.Paths{From: 2, To: []linkspan.ChassisID{1}}))
	return v
}
