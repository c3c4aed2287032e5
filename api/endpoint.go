// SPDX-License-Identifier: Apache-2.0

package api

import (
	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// EndpointToProto writes e as a message; the names of its network and chassis
// are given beside it, as the record holds numbers.
func EndpointToProto(e *linkspan.Endpoint, network, chassis string) *apiv1.Endpoint {
	return &apiv1.Endpoint{
		Network: uint32(e.Network), NetworkName: network, Address: text(e.Address), Address6: text(e.Address6), Chassis: chassis,
		Id: e.ID, Mac: text(e.MAC), Port: e.Port, Container: e.Container, Labels: e.Labels, Aliases: e.Aliases,
		Created: timestampToProto(e.Created), Driver: string(e.Driver), Limits: limitsToProto(e.Limits),
		Undescribed: e.Undescribed,
		Published:   e.Published,
	}
}

// EndpointFromProto reads a message; the chassis stays 0, as only the server
// knows it. Errors have code Invalid.
func EndpointFromProto(m *apiv1.Endpoint) (linkspan.Endpoint, error) {
	var p parser
	e := linkspan.Endpoint{
		Network: linkspan.NetworkID(m.GetNetwork()), Address: p.addr("address", m.GetAddress()), Address6: p.addr("IPv6 address", m.GetAddress6()),
		ID: m.GetId(), MAC: p.mac("mac", m.GetMac()), Port: m.GetPort(), Container: m.GetContainer(),
		Labels: m.GetLabels(), Aliases: m.GetAliases(), Created: timeFromProto(m.GetCreated()),
		Driver: linkspan.Driver(m.GetDriver()), Limits: limitsFromProto(m.GetLimits()),
		Undescribed: m.GetUndescribed(),
		Published:   m.GetPublished(),
	}
	return e, p.err
}

// EventToProto writes e as a message.
func EventToProto(e *linkspan.Event) *apiv1.Event {
	return &apiv1.Event{
		Time: timestampToProto(e.Time), Kind: string(e.Kind), Subject: e.Subject,
		Chassis: e.Chassis, Actor: e.Actor, Message: e.Message,
	}
}

// EventFromProto reads a message.
func EventFromProto(m *apiv1.Event) linkspan.Event {
	return linkspan.Event{
		Time: timeFromProto(m.GetTime()), Kind: linkspan.EventKind(m.GetKind()), Subject: m.GetSubject(),
		Chassis: m.GetChassis(), Actor: m.GetActor(), Message: m.GetMessage(),
	}
}
