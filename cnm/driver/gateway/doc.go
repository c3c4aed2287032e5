// SPDX-License-Identifier: Apache-2.0

// Package gateway is the way between the endpoints of hotplug networks and the host's
// own stack, and by it to everything else (ADR 0021).
//
// It is one veth: "lsgp" is the port linkspan.GatewayPort of the integration bridge,
// "lsgw" is the host's. Networks may have the same addresses, so the stack never sees
// those of endpoints. An endpoint stands in it by an address of a range of the host's
// own whose lower half is the number of the endpoint's port. The bridge writes that
// number into the Ethernet address under which a packet comes, and the first rules of
// the table put the address for the packet's; what the stack sends to the address the
// bridge gives to the endpoint of that port. So there is no state and no rule per
// endpoint here, and none per connection but what the stack has for its translation.
//
// The table, inet linkspan-gateway, also lets what leaves bear the host's address, and
// brings published ports to their endpoints. Who may talk to what is not decided here
// but in the bridge, by the controller.
//
// What it is not: it does not add the port to the bridge.
//
//	gw, err := gateway.Open(ctx, gateway.Config{Range: gateway.DefaultRange(), MTU: 1450})
//	err = sw.AddPort(ctx, ovs.Port{Name: gateway.Port, OFPort: linkspan.GatewayPort})
//	ports, err := gw.Publish(endpoint)
package gateway
