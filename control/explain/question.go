// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// End is one end of a conversation: an endpoint, an address that none has or, where
// Local is there, somebody in a network that one host has alone.
type End struct {
	view.Party
	Local   *linkspan.LocalEndpoint
	Network *linkspan.LocalNetwork // that Local is in, nil where it is not known
}

// At returns an endpoint as an end.
func At(e *linkspan.Endpoint) End { return End{Party: view.PartyOf(e)} }

// container is a container by its host and name; ok is false where there is none, or
// its name is not known.
func (e *End) container() (c linkspan.LinkEnd, ok bool) {
	switch {
	case e.Local != nil:
		c = linkspan.LinkEnd{Chassis: e.Local.Chassis, Container: e.Local.Container}
	case e.Endpoint != nil:
		c = linkspan.LinkEnd{Chassis: e.Endpoint.Chassis, Container: e.Endpoint.Container}
	}
	return c, c.Container != ""
}

// Question asks about packets of a protocol from one end to another: those that open
// a conversation.
type Question struct {
	From, To End
	Protocol uint8
	Port     uint16 // of the destination, or type of ICMP; 0 of protocols without either
}

// Reversed returns the question about the other direction: whether To may open the same
// to From.
func (q Question) Reversed() Question {
	q.From, q.To = q.To, q.From
	return q
}

// Ports returns what is asked about as a policy says it.
func (q *Question) Ports() linkspan.PolicyPorts {
	if linkspan.Ported(q.Protocol) || linkspan.Typed(q.Protocol) {
		return linkspan.PolicyPorts{Protocol: q.Protocol, First: q.Port, Last: q.Port}
	}
	return linkspan.WholeProtocol(q.Protocol)
}
