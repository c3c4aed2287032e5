// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"testing"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// asked says whether DropsIn asks for a flow.
func asked(f *openflow.FlowStats) bool {
	for _, r := range DropsIn() {
		if f.Cookie&r.CookieMask == r.Cookie {
			return true
		}
	}
	return false
}

// Each table's last flow, and whatever else of a chassis drops, is told apart;
// what does not drop is not taken for a drop.
func TestDropsOfAChassisAreKnown(t *testing.T) {
	got := map[Drop]int{}
	for _, f := range Static(world(), 1).Flows {
		s := openflow.FlowStats{
			TableID: f.Table, Priority: f.Priority, Instructions: f.Instructions,
			Cookie: f.Add(1).Cookie, Match: f.Match,
		}
		d, ok := DropOf(&s)
		if asked(&s) && len(Unmarked(f.Instructions)) == 0 != ok {
			t.Errorf("table %d priority %d: dropping is %v", f.Table, f.Priority, ok)
		}
		if asked(&s) && ok {
			got[d]++
		}
	}
	for want, flows := range map[Drop]int{
		{"classify", "miss"}: 1, {"classify", "tagged"}: 1, {"classify", "group"}: 2, {"direct", "miss"}: 1, {"guard", "miss"}: 1, {"guard", "discovery"}: 5,
		{"neighbour", "miss"}: 1, {"advert", "miss"}: 1, {"route", "miss"}: 1, {"route", "expired"}: 2, {"deliver", "miss"}: 1, {"deliver", "expired"}: 2,
		{"tracked", "miss"}: 1, {"tracked", "invalid"}: 1, {"arrived", "miss"}: 1, {"arrived", "invalid"}: 1,
		{"enter", "miss"}: 1, {"entered", "miss"}: 1, {"entered", "invalid"}: 1,
	} {
		if got[want] != flows {
			t.Errorf("%v: %d flows, want %d", want, got[want], flows)
		}
		delete(got, want)
	}
	if len(got) > 0 {
		t.Errorf("unexpected: %v", got)
	}
}

func TestDenialsAreKnown(t *testing.T) {
	v := world()
	p := decide.Packet{Chassis: 1, Network: 7, Port: 12, Source: address(2), Destination: address(99), TTL: 64}
	var d decide.Decision
	decide.Decide(v, &p, &d)
	var mod openflow.FlowMod
	if err := mod.Decode(openflow.Message(AppendDeny(nil, 0, 3, &p, &d))); err != nil {
		t.Fatal(err)
	}
	s := openflow.FlowStats{TableID: mod.TableID, Priority: mod.Priority, Cookie: mod.Cookie, Match: mod.Match}
	if drop, ok := DropOf(&s); !ok || !drop.Denied() || drop.Table != "route" || !asked(&s) {
		t.Errorf("a denial is taken for %v, %v", drop, ok)
	}
}

func TestMetersAreKnown(t *testing.T) {
	uses := map[MeterUse]bool{}
	for _, m := range Static(world(), 1).Meters {
		u, ok := UseOf(m.ID)
		if !ok || uses[u] {
			t.Errorf("meter %d is %v, %v", m.ID, u, ok)
		}
		uses[u] = true
	}
	for _, want := range []MeterUse{{12, "punt"}, {12, "arp"}, {13, "punt"}} {
		if !uses[want] {
			t.Errorf("no meter for %v", want)
		}
	}
	if _, ok := UseOf(1 << 30); ok {
		t.Error("a stranger's meter is taken for ours")
	}
}
