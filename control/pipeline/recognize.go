// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"math/bits"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// RoutesIn returns the request for the flows of all routes of a network, of
// all networks when it is 0.
func RoutesIn(id linkspan.NetworkID) *openflow.FlowRequest {
	r := &openflow.FlowRequest{
		TableID: openflow.TableAll,
		Cookie:  uint64(NewCookie(KindRoute, 0, 0)), CookieMask: maskRoutes,
	}
	if id != 0 {
		r.Match = match().Reg(regNetwork, uint32(id)).View()
	}
	return r
}

// Plugged is what the match of a route's flow says.
type Plugged struct {
	Network  linkspan.NetworkID // of the end on the flow's chassis; of From where both are
	From, To netip.Addr
	Arrives  bool // from the other chassis
	Between  bool // of two chassis, not on one
	// Outside is set where the flow is of a route out of all networks: one of From and
	// To is the first of these addresses, From if the packets come in.
	Outside netip.Prefix
	// Part is the flow's in Class, in the tables of tracked pairs; else Whole.
	Part  Part
	Class decide.Class
	// Answer is, of Strays, the class that they are of as answers.
	Answer decide.Class
}

// Recognize reads table, priority and match of a flow of a kind that is Plugged;
// ok is false when it is none that this package plugs.
func Recognize(table uint8, priority uint16, m openflow.MatchView) (p Plugged, ok bool) {
	network, hasNetwork := m.Uint(openflow.Reg(regNetwork))
	from, to, hasEnds := addrs(m)
	known := table == tableDeliver || table == tableRoute || table == tableEnter
	if Inspected(table) {
		p.Part, p.Class, known = partOf(m)
		if place, stray := strayPlace(priority); stray {
			priority, p.Part = place, Strays
			p.Class, p.Answer, known = straysOf(m)
		}
	}
	p.Network, p.From, p.To = linkspan.NetworkID(network), from, to
	p.Arrives, p.Between = table == tableDeliver || table == tableArrived, priority == priorityRemote
	if priority == priorityOutside {
		end := familyOf(from).dst
		if table == tableEnter || table == tableEntered {
			end = familyOf(from).src
		}
		p.Outside = prefixIn(m, end)
	}
	return p, known && hasNetwork && hasEnds
}

// prefixIn returns the prefix that a field is matched by; the zero value when it is by
// none.
func prefixIn(m openflow.MatchView, f openflow.Field) netip.Prefix {
	value, mask, _ := m.Lookup(f)
	a, ok := netip.AddrFromSlice(value)
	if !ok {
		return netip.Prefix{}
	}
	size := a.BitLen()
	for i := range mask { // a mask of ours has ones first; any other is no prefix
		if n := bits.LeadingZeros8(^mask[i]); n < 8 {
			size = 8*i + n
			break
		}
	}
	return netip.PrefixFrom(a, size)
}

// Ends returns the keys of the two endpoints, as v has them: the end on the flow's
// chassis is of the flow's network, the other is whom that end finds under its
// address. Where nobody is found it is taken for one of the same network, as is what
// is outside.
func (p *Plugged) Ends(v *view.View) (from, to view.Key) {
	from = view.Key{Network: p.Network, Address: p.From}
	to = view.Key{Network: p.Network, Address: p.To}
	if p.Outside.IsValid() {
		return from, to
	}
	near, far := &from, &to
	if p.Arrives {
		near, far = far, near
	}
	if e := v.Endpoint(*near); attached(e) {
		*far, _ = v.Find(e, far.Address)
	}
	return from, to
}

// EndsBy is Ends for a flow that may have gone together with an end: its cookie tells
// in which of the networks that hold the far address that was.
func (p *Plugged) EndsBy(c Cookie, v *view.View) (from, to view.Key) {
	from, to = p.Ends(v)
	guess, far := [2]view.Key{from, to}, 1
	if p.Arrives {
		far = 0
	}
	if c.names(guess) || p.Outside.IsValid() {
		return from, to
	}
	for n := range v.Holding(guess[far].Address) {
		if guess[far].Network = n.ID; c.names(guess) {
			return guess[0], guess[1]
		}
	}
	return from, to
}

// names says whether the cookie is of a route between two ends.
func (c Cookie) names(ends [2]view.Key) bool {
	id := linkspan.RouteIDBetween(ends[0].Network, ends[0].Address, ends[1].Network, ends[1].Address)
	mask := uint64(objectMask)
	if c.Policy() != 0 {
		mask = objectShort
	}
	return (c.Object()^uint64(id))&mask == 0
}

// Current says whether a dumped flow of a route has just the form in which v would
// have it plugged for its ends on that chassis. Whether they may talk is not asked;
// see StandingOf.
func Current(v *view.View, on linkspan.ChassisID, f *openflow.FlowStats) bool {
	p, ok := Recognize(f.TableID, f.Priority, f.Match)
	if !ok {
		return false
	}
	leg, ok := p.Leg(v, on)
	return ok && leg.is(f, Cookie(f.Cookie).Kind(), &p)
}

// Leg returns the leg that the flow is of, on that chassis, as v has it; ok is
// false when v has none between its ends.
func (p *Plugged) Leg(v *view.View, on linkspan.ChassisID) (leg Leg, ok bool) {
	from, to := p.Ends(v)
	if p.Outside.IsValid() {
		return legOutside(v, from, to, on, p.Outside)
	}
	return legBetween(v, from, to, on)
}

// legOutside is legBetween where one of the two is any of the addresses outside.
func legOutside(v *view.View, from, to view.Key, on linkspan.ChassisID, outside netip.Prefix) (leg Leg, ok bool) {
	n := v.Network(from.Network)
	leg = Leg{Network: n, ToNetwork: n, From: v.Endpoint(from), To: v.Endpoint(to), Transport: linkspan.Local, On: on, Outside: outside}
	e := leg.From
	if outside.Contains(from.Address) {
		e, leg.From = leg.To, linkspan.OutsideEnd(from.Network, on, from.Address)
	} else {
		leg.To = linkspan.OutsideEnd(to.Network, on, to.Address)
	}
	if n == nil || n.Internal || !attached(e) || e.Chassis != on {
		return leg, false
	}
	widest := decide.Width(v, n, outside.Addr())
	return leg, widest.Bits() <= outside.Bits() && widest.Contains(outside.Addr())
}

// legBetween returns the leg from one endpoint to another on a chassis; ok is false
// when v has none.
func legBetween(v *view.View, from, to view.Key, on linkspan.ChassisID) (leg Leg, ok bool) {
	leg = Leg{
		Network: v.Network(from.Network), ToNetwork: v.Network(to.Network),
		From: v.Endpoint(from), To: v.Endpoint(to), On: on,
	}
	if leg.Network == nil || leg.ToNetwork == nil || !attached(leg.From) || !attached(leg.To) {
		return leg, false
	}
	if leg.From.Chassis != on && leg.To.Chassis != on {
		return leg, false
	}
	leg.Transport, _ = decide.TransportAcross(v, leg.Network, leg.ToNetwork, leg.From.Chassis, leg.To.Chassis)
	return leg, leg.Transport != ""
}

// TransportOf says how the packets of a route's flow leave the chassis; it is
// empty for those that arrive from another, or go on to connection tracking.
func TransportOf(p *Plugged, f *openflow.FlowStats) linkspan.Transport {
	switch {
	case p.Outside.IsValid():
		return linkspan.Gateway
	case !p.Between:
		return linkspan.Local
	case p.Arrives:
		return ""
	}
	for a := range f.Instructions.Applied().All() {
		if port, _, ok := a.Output(); ok && port == linkspan.DirectPort {
			return linkspan.Direct
		}
	}
	if Cookie(f.Cookie).Kind() == KindTracked {
		return "" // its classes' flows say
	}
	return linkspan.Tunnel
}

func attached(e *linkspan.Endpoint) bool { return e != nil && e.Attached() }

// is says whether f is the leg's flow of that kind, for the part that p has of the pair.
func (l *Leg) is(f *openflow.FlowStats, k Kind, p *Plugged) bool {
	var w work
	var want openflow.FlowMod
	if p.Part == Strays {
		want = w.strays(l, p.Class, p.Answer)
	} else {
		want = w.mod(l, k, p.Part, p.Class)
	}
	return f.TableID == want.TableID && f.Priority == want.Priority &&
		f.IdleTimeout == want.IdleTimeout && f.HardTimeout == 0 &&
		sameMatch(want.Match, f.Match) && bytes.Equal(want.Instructions, f.Instructions)
}

// sameMatch compares two matches field by field: a switch gives the fields
// back in an order of its own.
func sameMatch(want, got openflow.MatchView) bool {
	n := 0
	for o := range want.All() {
		value, mask, ok := got.Lookup(o.Field)
		if !ok || !bytes.Equal(value, o.Value) || !bytes.Equal(mask, o.Mask) {
			return false
		}
		n++
	}
	for range got.All() {
		n--
	}
	return n == 0
}

// AppendExpelFlow appends the message that deletes one dumped flow and no
// other.
func AppendExpelFlow(b []byte, xid uint32, f *openflow.FlowStats) []byte {
	mod := openflow.FlowMod{
		Cookie: f.Cookie, CookieMask: ^uint64(0), Command: openflow.FlowDeleteStrict,
		TableID: f.TableID, Priority: f.Priority, Match: f.Match,
	}
	return mod.Append(b, xid)
}
