// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// freshTTL is the time to live of a packet that has not been anywhere.
const freshTTL = 64

// Ask says what becomes of the packets that a question is about.
func Ask(v *view.View, q Question) Answer {
	if a, ok := elsewhere(v, &q); ok {
		return a
	}
	switch from := q.From.Endpoint; {
	case q.From.Address.Is4() != q.To.Address.Is4():
		return by(Denied, "one has an IPv4 address and the other has not: nothing leads from one family to the other")
	case from == nil:
		return fromOutside(v, &q)
	case Answered(v, &q):
		return answered()
	case guarded(&q):
		return dropped()
	case !from.Attached():
		return Answer{Rule: ByAttachment, Reason: fmt.Sprintf("address %s is reserved, and no container is attached there yet", from.Address)}
	}
	return decided(v, &q)
}

// decided asks the decider about a packet of an attached endpoint.
func decided(v *view.View, q *Question) Answer {
	from := q.From.Endpoint
	return asked(v, q, &decide.Packet{
		Chassis: from.Chassis, Port: from.Port, Network: from.Network, TTL: freshTTL,
		Source: from.Address, Destination: q.To.Address,
	})
}

// asked asks the decider about a packet that opens the conversation in question.
func asked(v *view.View, q *Question, p *decide.Packet) Answer {
	p.Connection = decide.Connection{Protocol: q.Protocol, Tracked: true, Begins: true}
	if linkspan.Typed(q.Protocol) {
		p.ICMPType = uint8(q.Port)
	} else {
		p.DestinationPort = q.Port
	}
	var d decide.Decision
	decide.Decide(v, p, &d)
	a := Answer{Tracked: d.Tracked, Class: d.Class, Link: d.Link, Group: d.Group, Outside: d.Outside, code: d.Reason}
	a.path(v, &d)
	if d.Verdict == decide.Allow {
		a.Verdict = Allowed
	}
	if d.Destination != nil && !d.Destination.Outside() {
		a.To = d.Destination
	}
	switch {
	case d.Source != nil && d.Destination != nil:
		a.name(v, q, &d)
	case d.Reason == decide.NoWayOut:
		a.Rule, a.Reason = ByWayOut, d.Reason.String()
	default:
		a.Rule, a.Reason = ByAttachment, missing(v, q, d.Reason)
	}
	if to := q.To.Endpoint; to != nil && a.To != nil && a.To != to {
		return by(Denied, fmt.Sprintf("seen from there, %s is another's: that of %s", to.Address, Name(v, a.To)))
	}
	return a
}

// path notes which way the packets go.
func (a *Answer) path(v *view.View, d *decide.Decision) {
	switch {
	case d.Source == nil || d.Destination == nil:
		return
	case d.Outside.IsValid() && d.Transport != "":
		a.Path.Transport = linkspan.Gateway
	case d.Transport != "":
		a.Path.Transport, a.Path.Reason = d.Transport, d.Way.String()
	}
	a.Path.MTU = mtu(v, d.Network, d.Source.Chassis, d.Destination.Chassis)
}

// missing says why no destination was found.
func missing(v *view.View, q *Question, why decide.Reason) string {
	for n := range v.Networks() {
		if e := v.Endpoint(view.Key{Network: n.ID, Address: q.To.Address}); e != nil && !e.Attached() && why == decide.UnknownDestination {
			return fmt.Sprintf("address %s is reserved, and no container is attached there yet", q.To.Address)
		}
	}
	return why.String()
}

// name finds who has decided, and lists who was asked.
func (a *Answer) name(v *view.View, q *Question, d *decide.Decision) {
	from, to := view.PartyOf(d.Source), view.PartyOf(d.Destination)
	a.Policy, a.Reason, a.Rule = nil, d.Reason.String(), ruleOf(d.Reason)
	if d.Reason == decide.InternalNetwork && v.Link(d.Source, d.Destination) == nil {
		a.Rule = ByNetwork
	}
	var part decide.Part
	if there, _ := d.Rules(); there != nil {
		part = there.Find(q.Protocol, q.Port)
	}
	if part.Action != 0 && (a.Rule == ByPolicy || a.Rule == ByNobody) {
		if a.Policy = part.Policy; a.Policy == nil {
			_, why := decide.Otherwise(v, from, to)
			a.Reason, a.Rule, a.code = why.String(), ruleOf(why), why
		}
		if a.Rule == ByPolicy && part.Action == linkspan.PolicyReject {
			a.Verdict = Rejected
		}
	}
	if a.Rule == ByGroup {
		a.Group = v.Shares(d.Source.Network, d.Destination.Network)
	}
	a.Places = places(v, a.Policy, from, to, q)
	a.Steps = steps(v, a, part.Policy, from, to, q)
}

// ruleOf returns whose reason it is.
func ruleOf(r decide.Reason) Rule {
	switch r {
	case decide.LinkAllows, decide.LinkDenies, decide.NameUnknown, decide.InternalNetwork:
		return ByLink
	case decide.PolicyAllows, decide.PolicyDenies, decide.PolicyRejects:
		return ByPolicy
	case decide.SameNetwork:
		return ByNetwork
	case decide.SharedGroup:
		return ByGroup
	case decide.WayOut, decide.NoWayOut:
		return ByWayOut
	case decide.NotGrouped, decide.NothingAllows:
		return ByNobody
	case decide.UnknownSource, decide.UnknownDestination, decide.OutsideDestination, decide.MisplacedSource,
		decide.MisplacedDestination, decide.OwnAddress, decide.NoNetwork, decide.HeldSource, decide.NobodysAddress:
		return ByAttachment
	}
	return ByWay
}

// What the tunnel adds to a packet, in bytes (RFC 7348, 5), by the family of its outer
// addresses.
const (
	around4 = 50
	around6 = 70
)

// mtu returns the MTU of containers whose packets must fit into the tunnels of two
// chassis.
func mtu(v *view.View, n *linkspan.Network, on ...linkspan.ChassisID) (least int) {
	if n.MTU != 0 {
		return n.MTU
	}
	for _, id := range on {
		c := v.Chassis(id)
		if c == nil || c.MTU == 0 {
			continue
		}
		most := c.MTU - around4
		if c.Underlay.Is6() {
			most = c.MTU - around6
		}
		if least == 0 || most < least {
			least = most
		}
	}
	return least
}

// Name is the full name of an endpoint, [chassis/]container[.network]; its address
// where the name of its container is not known.
func Name(v *view.View, e *linkspan.Endpoint) string {
	name := e.Container
	if name == "" {
		return e.Address.String()
	}
	if c := v.Chassis(e.Chassis); c != nil {
		name = c.Name + "/" + name
	}
	return name + ofNetwork(v, e.Network)
}

// ofNetwork is what names a network behind a container that is named with its host: by what
// that calls it.
func ofNetwork(v *view.View, id linkspan.NetworkID) string {
	if n := v.Network(id); n != nil {
		return "." + n.NameThere()
	}
	return ""
}
