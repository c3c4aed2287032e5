// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// zone returns in which zone the connections of the leg's ends are tracked on its
// chassis: that of the port of the end which is there, of the lower port where
// both are. No two peers of one endpoint have the same address, so no two pairs of a
// zone have the same addresses, whatever the networks.
func (l *Leg) zone() uint16 {
	switch {
	case l.local():
		return uint16(min(l.From.Port, l.To.Port))
	case l.arrives():
		return uint16(l.To.Port)
	}
	return uint16(l.From.Port)
}

// through appends what is done to a packet of a tracked pair that is let through;
// what opens a connection makes it known first.
func (l *Leg) through(a openflow.Actions, opens bool) openflow.Actions {
	if opens {
		a = a.CT(&openflow.CT{Flags: openflow.CTCommit, Zone: l.zone(), Table: openflow.NoTable})
	}
	return l.Actions(a)
}

// AppendTracked appends the messages that have connection tracking look at all
// packets between two endpoints, on one of their chassis. They take the place of a
// whole route's flows.
func AppendTracked(b []byte, xid uint32, r Round, leg *Leg) []byte {
	back := leg.back()
	b = leg.appendPart(b, xid, r, KindTracked, Whole, decide.Class{})
	return back.appendPart(b, xid, r, KindTracked, Whole, decide.Class{})
}

// AppendClass appends the messages that let a class of connections through, on one
// of the chassis of a tracked pair. The leg's direction is that in which they are
// opened.
func AppendClass(b []byte, xid uint32, r Round, leg *Leg, c decide.Class) []byte {
	back := leg.back()
	b = back.appendPart(b, xid, r, KindClass, Replies, c)
	b = leg.appendPart(b, xid, r, KindClass, Goes, c)
	return leg.appendPart(b, xid, r, KindClass, Opens, c)
}

// AppendLater appends the messages that let later fragments of packets between two
// endpoints through, on one of their chassis, to whichever class they belong. Where
// they are missing and needed, such a fragment comes up.
func AppendLater(b []byte, xid uint32, r Round, leg *Leg) []byte {
	for _, l := range [...]Leg{*leg, leg.back()} {
		b = l.appendPart(b, xid, r, KindTracked, LaterNew, decide.Class{})
		b = l.appendPart(b, xid, r, KindTracked, LaterKnown, decide.Class{})
	}
	return b
}

// appendPart appends the message that plugs one flow.
func (l *Leg) appendPart(b []byte, xid uint32, r Round, k Kind, p Part, c decide.Class) []byte {
	var w work
	mod := w.mod(l, k, p, c)
	cookie := l.cookie(k, r)
	if k == KindClass { // others are for packets of whatever class
		cookie = cookie.By(l.Policy)
	}
	mod.Cookie = uint64(cookie)
	return mod.Append(b, xid)
}

// AppendUnplugClass appends the messages that delete the flows of a class, on one
// of the chassis of the pair, and no other flow.
func AppendUnplugClass(b []byte, xid uint32, leg *Leg, c decide.Class) []byte {
	back := leg.back()
	b = leg.appendUnplugPart(b, xid, Opens, c)
	b = leg.appendUnplugPart(b, xid, Goes, c)
	return back.appendUnplugPart(b, xid, Replies, c)
}

func (l *Leg) appendUnplugPart(b []byte, xid uint32, p Part, c decide.Class) []byte {
	var w work
	mod := w.mod(l, KindClass, p, c)
	mod.Command, mod.Cookie, mod.CookieMask = openflow.FlowDeleteStrict, uint64(NewCookie(KindClass, 0, 0)), maskKind
	mod.Instructions, mod.IdleTimeout, mod.Flags = nil, 0, 0
	return mod.Append(b, xid)
}

// Inspected says whether what comes up from a table has been through connection
// tracking.
func Inspected(table uint8) bool {
	return table == tableTracked || table == tableArrived || table == tableEntered
}

// Zone returns the zone that is an endpoint's own on its chassis, to be emptied with
// the endpoint: connections with those of other chassis are tracked in it, and with
// those of its chassis that have a greater port. It is 0 when the endpoint is not
// attached.
func Zone(e *linkspan.Endpoint) uint16 { return uint16(e.Port) }

// ZoneOfGuard returns the same from the object in the cookie of a flow of
// KindEndpoint, of an endpoint that may be gone.
func ZoneOfGuard(object uint64) uint16 { return uint16(object) }
