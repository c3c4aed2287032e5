// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// RuledFlows returns the request for the flows that count for a policy: those of
// routes, of classes and of denials.
func RuledFlows() *openflow.FlowRequest {
	return &openflow.FlowRequest{TableID: openflow.TableAll, Cookie: groupRuled, CookieMask: maskRuled}
}

// CountsFor returns the policy for which the packets of a flow count; 0: none. Between
// two chassis those that are let through count where they leave, and not once more
// where they arrive.
func CountsFor(c Cookie, table uint8) linkspan.PolicyID {
	if c.Kind().Plugged() && (table == tableDeliver || table == tableArrived) {
		return 0
	}
	return c.Policy()
}

// Rule returns the cookie that a flow with cookie c between two ends has when it counts
// for another policy; 0 is none.
func (s *Standing) Rule(c Cookie, p linkspan.PolicyID) Cookie {
	id := linkspan.RouteIDBetween(s.From.Network, s.From.Address, s.To.Network, s.To.Address)
	return NewCookie(c.Kind(), c.Round(), uint64(id)).By(p)
}

// AppendRecount appends the message that has a dumped flow count from nothing, under
// another cookie. Packets go on by it meanwhile, and its connections stay known.
func AppendRecount(b []byte, xid uint32, f *openflow.FlowStats, c Cookie) []byte {
	mod := openflow.FlowMod{
		Cookie: uint64(c), Command: openflow.FlowAdd, TableID: f.TableID, Priority: f.Priority,
		IdleTimeout: f.IdleTimeout, HardTimeout: f.HardTimeout,
		Flags: openflow.FlowSendRemoved | openflow.FlowResetCounts, Match: f.Match, Instructions: f.Instructions,
	}
	return mod.Append(b, xid)
}
