// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// TrailOf returns the requests for the flows on an endpoint's chassis that its packets
// to an address meet, and those that come from there: its guard, the flows of
// decisions about the two, and denials that are about one of them. Outside of all
// networks far is all that a decision is about (decide.Width).
func TrailOf(e *linkspan.Endpoint, far netip.Prefix) []*openflow.FlowRequest {
	family := familyOf(e.Address)
	of := func(cookie, mask uint64, src, dst netip.Prefix) *openflow.FlowRequest {
		m := match().Reg(regNetwork, uint32(e.Network)).EthType(family.ethType)
		if src.IsValid() {
			m.Prefix(family.src, src)
		}
		if dst.IsValid() {
			m.Prefix(family.dst, dst)
		}
		return &openflow.FlowRequest{TableID: openflow.TableAll, Cookie: cookie, CookieMask: mask, Match: m.View()}
	}
	denials, any := uint64(NewCookie(KindDeny, 0, 0)), netip.Prefix{}
	near := netip.PrefixFrom(e.Address, e.Address.BitLen())
	return []*openflow.FlowRequest{
		{
			TableID: tableGuard, Cookie: uint64(NewCookie(KindEndpoint, 0, endpointObject(e))), CookieMask: maskKind | maskObject,
			Match: match().InPort(e.Port).EthType(family.ethType).View(),
		},
		of(groupMoved, maskGroup, near, far),
		of(groupMoved, maskGroup, far, near),
		of(denials, maskKind, any, far),
		of(denials, maskKind, any, near),
	}
}

// TrailFlow is what a flow is, to somebody who follows packets between two addresses.
type TrailFlow struct {
	Number uint8 // of the table
	Table  string
	// What is guard, route, tracking (packets go on to connection tracking), class (of
	// connections, which Class names), fragments, strays or denial.
	What     string
	From, To netip.Prefix // as far as the flow says
	Class    decide.Class
	// Replies: the flow takes what goes back in connections of the class, so that those
	// are opened against its direction.
	Replies bool
}

// TrailFlowOf reads a flow that TrailOf asked for; ok is false when it is no such flow,
// or one of others.
func TrailFlowOf(f *openflow.FlowStats) (t TrailFlow, ok bool) {
	t.Number, t.Table = f.TableID, tableNames[f.TableID]
	for _, family := range families {
		if t.From, t.To = prefixIn(f.Match, family.src), prefixIn(f.Match, family.dst); t.From.IsValid() || t.To.IsValid() {
			break
		}
	}
	switch Cookie(f.Cookie).Kind() {
	case KindEndpoint:
		t.What = "guard"
		return t, f.TableID == tableGuard && f.Priority == priorityPass
	case KindDeny:
		t.What = "denial"
		t.Class, ok = classOf(f.Match)
		return t, ok
	}
	p, ok := Recognize(f.TableID, f.Priority, f.Match)
	t.Class, t.Replies = p.Class, p.Part == Replies
	switch {
	case p.Part.ofClass():
		t.What = "class"
	case p.Part == Strays:
		t.What = "strays"
	case p.Part != Whole:
		t.What = "fragments"
	case Cookie(f.Cookie).Kind() == KindTracked:
		t.What = "tracking"
	default:
		t.What = "route"
	}
	return t, ok
}
