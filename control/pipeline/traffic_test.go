// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"testing"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// matches says whether a request asks for a flow: its table, its cookie, and
// every field of the filter just so.
func matches(r *openflow.FlowRequest, f *openflow.FlowStats) bool {
	if r.TableID != openflow.TableAll && r.TableID != f.TableID || f.Cookie&r.CookieMask != r.Cookie {
		return false
	}
	for want := range r.Match.All() {
		value, mask, ok := f.Match.Lookup(want.Field)
		if !ok || string(value) != string(want.Value) || string(mask) != string(want.Mask) {
			return false
		}
	}
	return true
}

// What an endpoint sends is counted by one static flow of its own, whatever
// round it is of.
func TestArrivalsAreCountedOnce(t *testing.T) {
	v := world()
	for e := range v.Attached(1) {
		n := 0
		for _, f := range Static(v, 1).Flows {
			s := openflow.FlowStats{TableID: f.Table, Priority: f.Priority, Cookie: f.Add(9).Cookie, Match: f.Match}
			if matches(ArrivedFrom(e), &s) {
				n++
				if port, ok := f.Match.Uint(openflow.FieldInPort); !ok || uint32(port) != e.Port {
					t.Errorf("%v: a flow of port %d", e.Address, port)
				}
			}
			if matches(RoutedFrom(e), &s) || matches(DeniedIn(e.Network), &s) {
				t.Errorf("table %d priority %d is taken for a route or a denial", f.Table, f.Priority)
			}
		}
		if n != 1 {
			t.Errorf("%v: %d flows", e.Address, n)
		}
	}
}

// Of the flows of a route, the sender's is that in the direction it sends, on the
// chassis where it is.
func TestRoutesOfASenderAreKnown(t *testing.T) {
	v := world()
	for _, c := range []struct {
		from, to byte
	}{{2, 3}, {2, 4}} {
		p := decide.Packet{Chassis: 1, Network: 7, Port: 12, Source: address(c.from), Destination: address(c.to), TTL: 64}
		var d decide.Decision
		decide.Decide(v, &p, &d)
		n := map[byte]int{}
		for on := range v.AllChassis() {
			leg := LegOf(&d, on.ID)
			for _, back := range []bool{false, true} {
				if back {
					leg.From, leg.To = leg.To, leg.From
				}
				table, priority := leg.place()
				var m openflow.Match
				leg.match(&m)
				s := openflow.FlowStats{TableID: table, Priority: priority, Cookie: uint64(NewCookie(KindRoute, 3, 1)), Match: m.View()}
				for _, last := range []byte{2, 3, 4} {
					if e := endpoint(7, last, 1, 0); matches(RoutedFrom(e), &s) {
						n[last]++
					}
				}
			}
		}
		if n[c.from] == 0 || n[c.to] == 0 || len(n) != 2 {
			t.Errorf("%d to %d: flows by sender %v", c.from, c.to, n)
		}
	}
}

func TestDenialsOfANetworkAreKnown(t *testing.T) {
	p := decide.Packet{Chassis: 1, Network: 7, Port: 12, Source: address(2), Destination: address(99), TTL: 64}
	var d decide.Decision
	decide.Decide(world(), &p, &d)
	var mod openflow.FlowMod
	if err := mod.Decode(openflow.Message(AppendDeny(nil, 0, 3, &p, &d))); err != nil {
		t.Fatal(err)
	}
	s := openflow.FlowStats{TableID: mod.TableID, Priority: mod.Priority, Cookie: mod.Cookie, Match: mod.Match}
	to, ok := DeniedTo(&s)
	if !matches(DeniedIn(7), &s) || matches(DeniedIn(8), &s) || !ok || to != address(99) {
		t.Errorf("it is denied to %v, %v", to, ok)
	}
}
