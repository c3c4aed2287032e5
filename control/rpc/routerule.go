// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// routeRules tells what decides about a route now, in each direction; nothing of one
// whose ends are gone.
func (s *Server) routeRules(v *view.View, r *linkspan.Route) (rules []*apiv1.RouteRule) {
	a, b := v.Endpoint(view.Key{Network: r.Network, Address: r.A}), v.Endpoint(view.Key{Network: r.NetworkB, Address: r.B})
	if r.Outside.IsValid() {
		return s.outsideRules(v, r, a)
	}
	if a == nil || b == nil || !a.Attached() || !b.Attached() {
		return nil
	}
	for _, ends := range [2][2]*linkspan.Endpoint{{a, b}, {b, a}} {
		d := s.hub.Between(v, ends[0], ends[1])
		m := &apiv1.RouteRule{From: ends[0].Address.String(), To: ends[1].Address.String(), Reason: d.Reason.String()}
		m.By, m.Name = ruleOf(v, &d)
		rules = append(rules, m)
	}
	return rules
}

// outsideRules is routeRules of a route out of all networks, of an endpoint that may be
// gone.
func (s *Server) outsideRules(v *view.View, r *linkspan.Route, e *linkspan.Endpoint) (rules []*apiv1.RouteRule) {
	if e == nil || !e.Attached() {
		return nil
	}
	for _, comes := range [2]bool{false, true} {
		d := s.hub.Beyond(v, e, r.B, comes)
		m := &apiv1.RouteRule{From: e.Address.String(), To: r.Outside.String(), Reason: d.Reason.String()}
		if comes {
			m.From, m.To = m.To, m.From
		}
		m.By, m.Name = ruleOf(v, &d)
		rules = append(rules, m)
	}
	return rules
}

// ruleOf says which of the rules decides about all between two ends, and by what.
func ruleOf(v *view.View, d *decide.Decision) (by, name string) {
	switch {
	case d.Verdict != decide.Allow:
		return "none", ""
	case d.Reason == decide.PolicyAllows:
		if there, _ := d.Counted(); there != nil {
			name = there.Name
		}
		return "policy", name
	case d.Reason == decide.LinkAllows:
		return "link", explain.LinkEnds(v, d.Link)
	case d.Reason == decide.SharedGroup:
		return "group", d.Group.Name
	case d.Reason == decide.WayOut:
		return "way out", ""
	}
	return "network", d.Network.Name
}

// routeClasses tells which connections of a route pass.
func routeClasses(v *view.View, r *linkspan.Route) (classes []*apiv1.RouteClass) {
	for i := range r.Classes {
		c := &r.Classes[i]
		classes = append(classes, &apiv1.RouteClass{
			From: endOfRoute(r, c.From), To: endOfRoute(r, c.To), Ports: portsText(c.Ports), Policy: policyName(v, c.Policy),
			Packets: c.Packets, Bytes: c.Bytes, ReplyPackets: c.ReplyPackets, ReplyBytes: c.ReplyBytes,
		})
	}
	return classes
}

// endOfRoute writes one of the addresses of a route; what is outside of all networks is
// written as all that the route is to.
func endOfRoute(r *linkspan.Route, a netip.Addr) string {
	if r.Outside.IsValid() && a == r.B {
		return r.Outside.String()
	}
	return a.String()
}

func portsText(p linkspan.PolicyPorts) string {
	if p.Protocol == 0 {
		return "all"
	}
	return p.String()
}

// askedPorts is of what the connection was that was asked for.
func askedPorts(e *control.RouteEvent) string {
	if e.Protocol == 0 {
		return ""
	}
	if linkspan.Ported(e.Protocol) || linkspan.Typed(e.Protocol) {
		return linkspan.PolicyPorts{Protocol: e.Protocol, First: e.Port, Last: e.Port}.String()
	}
	return linkspan.WholeProtocol(e.Protocol).String()
}

// policyName is the name of a policy by its number, "" of none; one that is gone is
// known by its number.
func policyName(v *view.View, id linkspan.PolicyID) string {
	if id == 0 {
		return ""
	}
	if p := v.Policy(id); p != nil {
		return p.Name
	}
	return id.String()
}
