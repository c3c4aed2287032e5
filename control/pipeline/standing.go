// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Standing is what a plugged flow stands for: what is to be judged when policy
// changed.
type Standing struct {
	On linkspan.ChassisID
	// Kind is KindRoute: all packets between the ends pass, untracked; KindTracked:
	// they are tracked; or KindClass: connections of Class pass that From opens to To.
	Kind     Kind
	From, To view.Key
	Class    decide.Class
	Outside  netip.Prefix // one end is any of these addresses: see Plugged
	// Strays: only segments of TCP that open no connection pass, to ports of Class, and
	// from ports of Answer.
	Strays bool
	Answer decide.Class
}

// FromOutside says whether it is From that is outside of all networks.
func (s *Standing) FromOutside() bool {
	return s.Outside.IsValid() && s.Outside.Contains(s.From.Address)
}

// StandingOf reads a dumped flow, whose ends are those that v finds; ok is false
// when it is none that this package plugs.
func StandingOf(v *view.View, on linkspan.ChassisID, f *openflow.FlowStats) (s Standing, ok bool) {
	p, ok := Recognize(f.TableID, f.Priority, f.Match)
	s = Standing{On: on, Kind: Cookie(f.Cookie).Kind(), Class: p.Class, Outside: p.Outside, Strays: p.Part == Strays, Answer: p.Answer}
	s.From, s.To = p.Ends(v)
	if p.Part == Replies {
		s.From, s.To = s.To, s.From
	}
	return s, ok && s.Kind.Plugged() && (s.Kind == KindClass) == p.Part.ofClass()
}

// Leg returns the leg of the standing's direction on its chassis, as v has it; ok is
// false when v has none between its ends.
func (s *Standing) Leg(v *view.View) (leg Leg, ok bool) {
	if s.Outside.IsValid() {
		return legOutside(v, s.From, s.To, s.On, s.Outside)
	}
	return legBetween(v, s.From, s.To, s.On)
}

// RoutesOf returns the requests for the flows of all routes of an address that stand
// under a network: that of the flow's end on the chassis, which need not be the
// address's.
func RoutesOf(under view.Key) []*openflow.FlowRequest {
	of := func(end func(*openflow.Match, netip.Addr) *openflow.Match) *openflow.FlowRequest {
		return &openflow.FlowRequest{
			TableID: openflow.TableAll, Cookie: uint64(NewCookie(KindRoute, 0, 0)), CookieMask: maskRoutes,
			Match: end(match().Reg(regNetwork, uint32(under.Network)), under.Address).View(),
		}
	}
	return []*openflow.FlowRequest{of(sent), of(received)}
}

// Between returns the addresses between which a flow of a decision matches packets, of a
// prefix its first; ok is false when it does not say both.
func Between(m openflow.MatchView) (from, to netip.Addr, ok bool) { return addrs(m) }

// Decisions returns the request for the flows of all routes and denials.
func Decisions() *openflow.FlowRequest {
	return &openflow.FlowRequest{TableID: openflow.TableAll, Cookie: groupMoved, CookieMask: maskGroup}
}

// DenialOf returns whom a dumped flow is about that denies, under the network where it
// stands; an end that it leaves open has no address. ok is false for other flows.
func DenialOf(f *openflow.FlowStats) (from, to view.Key, ok bool) {
	network, _ := f.Match.Uint(openflow.Reg(regNetwork))
	from.Network, to.Network = linkspan.NetworkID(network), linkspan.NetworkID(network)
	from.Address, to.Address, _ = addrs(f.Match)
	return from, to, Cookie(f.Cookie).Kind() == KindDeny
}
