// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
)

// How many conversations that policies let through are to be written down: a second,
// and at once.
const logRate, logBurst = 500, 2000

// tellPlugged tells that a route, or a class of a tracked pair, was plugged for a packet
// of connection c.
func (h *Hub) tellPlugged(on linkspan.ChassisID, d *decide.Decision, c decide.Connection) {
	if !h.watchers.some.Load() {
		return
	}
	e := RouteEvent{Kind: Plugged, Chassis: on, Reason: d.Reason.String()}
	e.opened(d, &c)
	e.by(d.Policy)
	if e.Log = d.Policy != nil && d.Policy.Log; e.Log && !h.logged.take(logRate, logBurst) {
		e.Log = false
		h.counters.Unlogged.Add(1)
	}
	h.watchers.tell(e)
}

// denied tells that a packet was dropped, for a reason that need not be the
// decision's.
func (all *watchers) denied(p *decide.Packet, d *decide.Decision, reason decide.Reason) {
	if !all.some.Load() {
		return
	}
	e := RouteEvent{
		Kind: Denied, Network: p.Network, ToNetwork: p.Network, Chassis: p.Chassis, Reason: reason.String(),
		From: p.Source, To: p.Destination, Rejected: reason == decide.PolicyRejects,
	}
	if d.Source != nil {
		e.Network = d.Source.Network
	}
	if d.DestinationNetwork != nil {
		e.ToNetwork = d.DestinationNetwork.ID
	}
	if d.Source != nil && d.Destination != nil {
		e.opened(d, &p.Connection)
	}
	if reason == d.Reason {
		e.by(d.Policy)
	}
	all.tell(e)
}

// opened notes who opened the connection, to whom, and of what it is.
func (e *RouteEvent) opened(d *decide.Decision, c *decide.Connection) {
	from, to := d.Opening()
	e.Network, e.ToNetwork, e.From, e.To = from.Network, to.Network, from.Address, to.Address
	e.Protocol, e.Port = c.Key()
}

// by notes which policy decided.
func (e *RouteEvent) by(p *linkspan.Policy) {
	if p != nil {
		e.Policy = p.Name
	}
}
