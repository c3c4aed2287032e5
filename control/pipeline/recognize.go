// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
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
		Cookie:  uint64(NewCookie(KindRoute, 0, 0)), CookieMask: maskKind,
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
}

// Recognize reads table, priority and match of a flow of kind KindRoute; ok is
// false when it is none that this package plugs.
func Recognize(table uint8, priority uint16, m openflow.MatchView) (p Plugged, ok bool) {
	network, hasNetwork := m.Uint(openflow.Reg(regNetwork))
	from, hasFrom := m.Addr(openflow.FieldIPv4Src)
	to, hasTo := m.Addr(openflow.FieldIPv4Dst)
	p = Plugged{
		Network: linkspan.NetworkID(network), From: from, To: to,
		Arrives: table == tableDeliver,
		Between: priority == priorityRemote,
	}
	known := table == tableDeliver || table == tableRoute
	return p, known && hasNetwork && hasFrom && hasTo
}

// Ends returns the keys of the two endpoints, as v has them: the end on the flow's
// chassis is of the flow's network, the other is whom that end finds under its
// address. Where nobody is found it is taken for one of the same network.
func (p *Plugged) Ends(v *view.View) (from, to view.Key) {
	from = view.Key{Network: p.Network, Address: p.From}
	to = view.Key{Network: p.Network, Address: p.To}
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
	if c.names(guess) {
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
	return c.Object() == uint64(id)&objectMask
}

// Current says whether a dumped flow of a route is just what v would have
// plugged for its ends on that chassis.
func Current(v *view.View, on linkspan.ChassisID, f *openflow.FlowStats) bool {
	p, ok := Recognize(f.TableID, f.Priority, f.Match)
	if !ok {
		return false
	}
	a, b := p.Ends(v)
	from, to := v.Endpoint(a), v.Endpoint(b)
	if !attached(from) || !attached(to) || from.Chassis != on && to.Chassis != on {
		return false
	}
	d := decide.Between(v, from, to)
	if d.Verdict != decide.Allow {
		return false
	}
	leg := LegOf(&d, on)
	return leg.is(f)
}

// TransportOf says how the packets of a route's flow leave the chassis; it is
// empty for those that arrive from another.
func TransportOf(p *Plugged, f *openflow.FlowStats) linkspan.Transport {
	switch {
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
	return linkspan.Tunnel
}

func attached(e *linkspan.Endpoint) bool { return e != nil && e.Attached() }

// is says whether f is the leg's flow.
func (l *Leg) is(f *openflow.FlowStats) bool {
	table, priority := l.place()
	if f.TableID != table || f.Priority != priority || f.IdleTimeout != l.idle() || f.HardTimeout != 0 {
		return false
	}
	var m openflow.Match
	l.match(&m)
	want := openflow.Instructions(nil).Apply(l.Actions(nil))
	return sameMatch(m.View(), f.Match) && bytes.Equal(want, f.Instructions)
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
