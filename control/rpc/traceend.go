// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// traceEnd finds whom a person means by a name or an address. Where from is there, an
// address means who is found under it from there. A name means the endpoint at its address
// of IPv6, or with six false of IPv4, if it has several.
func traceEnd(v *view.View, name string, from *linkspan.Endpoint, six bool) (explain.End, error) {
	address, err := netip.ParseAddr(name)
	if err == nil && from != nil && from.Attached() {
		if key, sight := v.Find(from, address); sight == view.Seen {
			if e := v.Endpoint(key); e != nil {
				return explain.At(e), nil
			}
			return explain.End{Party: view.Outside(address)}, nil
		}
	}
	anyone := func(*explain.End) bool { return true }
	if err == nil {
		return findEnd(v, name, anyone)
	}
	end, err := findEnd(v, name, func(e *explain.End) bool { return e.Address.Is6() == six })
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return findEnd(v, name, anyone)
	}
	return end, err
}

// endText is chassis/container.network, and nothing of an address outside.
func endText(v *view.View, e *explain.End) string {
	switch {
	case e.Local != nil:
		return v.ChassisName(e.Local.Chassis) + "/" + e.Local.Container + "." + localNetworkName(e)
	case e.Endpoint != nil && e.Endpoint.Container != "":
		return explain.Name(v, e.Endpoint)
	}
	return ""
}

func traceEndMessage(v *view.View, e *explain.End) *apiv1.TraceEnd {
	m := &apiv1.TraceEnd{Name: endText(v, e)}
	if e.Address.IsValid() {
		m.Address = e.Address.String()
	}
	switch {
	case e.Local != nil:
		m.Network, m.Chassis, m.Container = localNetworkName(e), v.ChassisName(e.Local.Chassis), e.Local.Container
		if e.Network != nil {
			m.Driver = e.Network.Driver
		}
	case e.Endpoint != nil:
		m.Network, m.Chassis, m.Container = v.NetworkName(e.Endpoint.Network), v.ChassisName(e.Endpoint.Chassis), e.Endpoint.Container
		m.Port, m.Driver = e.Endpoint.Port, string(e.Endpoint.Driver.Name())
		if e.Endpoint.Joined() {
			m.Mac = e.Endpoint.MAC.String()
		}
	}
	return m
}
