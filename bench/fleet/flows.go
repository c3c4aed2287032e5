// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"github.com/linkspan/linkspan/wire/openflow"
)

// key tells a flow from every other: table, priority and match.
type key struct {
	table    uint8
	priority uint16
	match    string
}

// flow is the rest of a flow.
type flow struct {
	cookie       uint64
	idle, hard   uint16
	flags        openflow.FlowFlags
	instructions string
	ends         Ends // that the match says; others are not looked at
}

// flows are the flows of a bridge. The caller holds the bridge's lock.
type flows map[key]flow

// apply does what a FlowMod asks, and says to what.
func (l flows) apply(m *openflow.FlowMod) (t Touch) {
	k := key{m.TableID, m.Priority, string(m.Match)}
	switch m.Command {
	case openflow.FlowDeleteStrict:
		if f, ok := l[k]; ok && (f.cookie^m.Cookie)&m.CookieMask == 0 {
			delete(l, k)
			t.Flows = append(t.Flows, Touched{k.ends(), true, drops(openflow.Instructions(f.instructions))})
		}
	case openflow.FlowDelete:
		want := endsOf(m.Match)
		for k, f := range l {
			if f.ends.within(want) && chosen(k, f, m.TableID, m.Cookie, m.CookieMask, m.Match) {
				delete(l, k)
				t.Flows = append(t.Flows, Touched{k.ends(), true, drops(openflow.Instructions(f.instructions))})
			}
		}
	default:
		l[k] = flow{m.Cookie, m.IdleTimeout, m.HardTimeout, m.Flags, string(m.Instructions), k.ends()}
		t.Flows = append(t.Flows, Touched{k.ends(), false, drops(m.Instructions)})
	}
	return t
}

// drops says whether a flow lets no packet through.
func drops(l openflow.Instructions) bool {
	for i := range l.All() {
		if _, ok := i.GotoTable(); ok {
			return false
		}
	}
	for a := range l.Applied().All() {
		_, _, sends := a.Output()
		if _, tracks := a.CT(); sends || tracks {
			return false
		}
	}
	return true
}

// chosen says whether a request that is not strict means a flow (OpenFlow 1.3.5,
// 6.4).
func chosen(k key, f flow, table uint8, cookie, mask uint64, match openflow.MatchView) bool {
	if table != openflow.TableAll && table != k.table || (f.cookie^cookie)&mask != 0 {
		return false
	}
	for o := range match.All() {
		value, have, ok := openflow.MatchView(k.match).Lookup(o.Field)
		if !ok || !within(o, value, have) {
			return false
		}
	}
	return true
}

// within says whether value under mask lies inside of what o matches.
func within(o openflow.OXM, value, mask []byte) bool {
	for i := range value {
		want, have := byte(0xff), byte(0xff)
		if o.Mask != nil {
			want = o.Mask[i]
		}
		if mask != nil {
			have = mask[i]
		}
		if want&^have != 0 || (value[i]^o.Value[i])&want != 0 {
			return false
		}
	}
	return true
}

// chunk is how many bytes of flows a reply holds before another one begins, as
// on Open vSwitch.
const chunk = 32 << 10

// dump appends the replies to a request for flows.
func (l flows) dump(b []byte, r *openflow.FlowRequest, xid uint32) []byte {
	reply := openflow.Multipart{Type: openflow.MultipartFlow, More: true}
	want := endsOf(r.Match)
	for k, f := range l {
		if !f.ends.within(want) || !chosen(k, f, r.TableID, r.Cookie, r.CookieMask, r.Match) {
			continue
		}
		stats := openflow.FlowStats{
			TableID: k.table, Priority: k.priority, IdleTimeout: f.idle, HardTimeout: f.hard, Flags: f.flags,
			Cookie: f.cookie, Match: openflow.MatchView(k.match), Instructions: openflow.Instructions(f.instructions),
		}
		reply.Body = stats.AppendBody(reply.Body)
		if len(reply.Body) >= chunk {
			b, reply.Body = reply.AppendReply(b, xid), reply.Body[:0]
		}
	}
	reply.More = false
	return reply.AppendReply(b, xid)
}
