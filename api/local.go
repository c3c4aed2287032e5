// SPDX-License-Identifier: Apache-2.0

package api

import (
	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// LocalNetworkToProto writes n as a message; the name of its chassis is given
// beside it, as the record holds the number. Its endpoints stay out.
func LocalNetworkToProto(n *linkspan.LocalNetwork, chassis string) *apiv1.LocalNetwork {
	m := &apiv1.LocalNetwork{
		Id: n.ID, Name: n.Name, Driver: n.Driver, Chassis: chassis, Internal: n.Internal, Labels: n.Labels,
		Created: timestampToProto(n.Created),
	}
	for _, s := range n.Subnets {
		m.Subnets = append(m.Subnets, &apiv1.LocalSubnet{Subnet: text(s.Subnet), Gateway: text(s.Gateway)})
	}
	return m
}

// LocalNetworkFromProto reads a message; the chassis stays 0, as only the server
// knows it. It parses and does not judge. Errors have code Invalid.
func LocalNetworkFromProto(m *apiv1.LocalNetwork) (linkspan.LocalNetwork, error) {
	var p parser
	n := linkspan.LocalNetwork{
		ID: m.GetId(), Name: m.GetName(), Driver: m.GetDriver(), Internal: m.GetInternal(), Labels: m.GetLabels(),
		Created: timeFromProto(m.GetCreated()),
	}
	for _, s := range m.GetSubnets() {
		n.Subnets = append(n.Subnets, linkspan.LocalSubnet{Subnet: p.prefix("subnet", s.GetSubnet()), Gateway: p.addr("gateway", s.GetGateway())})
	}
	return n, p.err
}

// LocalEndpointToProto writes e as a message.
func LocalEndpointToProto(e *linkspan.LocalEndpoint) *apiv1.LocalEndpoint {
	return &apiv1.LocalEndpoint{
		Id: e.ID, Network: e.Network, Container: e.Container, Address: text(e.Address), Address6: text(e.Address6),
		Mac: text(e.MAC), Aliases: e.Aliases, Labels: e.Labels, Created: timestampToProto(e.Created),
		Port: e.Port, Undescribed: e.Undescribed,
	}
}

// LocalEndpointFromProto is LocalNetworkFromProto for an endpoint.
func LocalEndpointFromProto(m *apiv1.LocalEndpoint) (linkspan.LocalEndpoint, error) {
	var p parser
	e := linkspan.LocalEndpoint{
		ID: m.GetId(), Network: m.GetNetwork(), Container: m.GetContainer(),
		Address: p.addr("address", m.GetAddress()), Address6: p.addr("IPv6 address", m.GetAddress6()), MAC: p.mac("mac", m.GetMac()),
		Aliases: m.GetAliases(), Labels: m.GetLabels(), Created: timeFromProto(m.GetCreated()),
		Port: m.GetPort(), Undescribed: m.GetUndescribed(),
	}
	return e, p.err
}
