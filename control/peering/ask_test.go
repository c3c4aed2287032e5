// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// TestPeersOnDemand: two that share no network become peers when they are asked
// about, and part when nothing can be between them any more.
func TestPeersOnDemand(t *testing.T) {
	w := newWorld(3)
	group := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{7, 8}}
	w.update(endpoint(7, 2, 1, 11), endpoint(8, 3, 2, 11), endpoint(8, 4, 2, 12), view.PutGroup(&group))
	a, b := w.p.Attach(1), w.p.Attach(2)
	for _, s := range []*Stream{a, b} {
		if u, _ := s.Take(1); len(u.Peers) != 0 {
			t.Fatalf("told of %v before anybody asked", peers(u))
		}
	}
	w.p.Acknowledge(1, 1)
	w.p.Acknowledge(2, 1)
	over := 0
	if ready(w.p.Await(1, 2, func() { over++ })) {
		t.Fatal("ready although neither was told")
	}
	if !w.p.Share(1, 2) || w.p.Share(1, 3) {
		t.Fatal("peers are not those that were asked about")
	}
	ua, _ := a.Take(2)
	ub, _ := b.Take(2)
	if !slices.Equal(peers(ua), []linkspan.ChassisID{2}) || !slices.Equal(peers(ub), []linkspan.ChassisID{1}) {
		t.Fatalf("told of %v and %v", peers(ua), peers(ub))
	}
	w.p.Acknowledge(1, 2)
	w.p.Acknowledge(2, 2)
	if over != 1 || !ready(w.p.Await(2, 1, func() {})) {
		t.Fatalf("not ready; %d told", over)
	}

	w.update(view.RemoveEndpoint(8, netip.MustParseAddr("10.7.0.4")))
	if _, some := a.Take(3); some {
		t.Fatal("another endpoint is there still")
	}
	again := w.p.Attach(1)
	if u, _ := again.Take(3); !slices.Equal(peers(u), []linkspan.ChassisID{2}) {
		t.Fatalf("a new stream is told of %v", peers(u))
	}
	w.update(view.RemoveGroup("a"))
	ua, _ = again.Take(4)
	ub, _ = b.Take(4)
	if !slices.Equal(ua.Removed, []linkspan.ChassisID{2}) || !slices.Equal(ub.Removed, []linkspan.ChassisID{1}) {
		t.Fatalf("parted from %v and %v", ua.Removed, ub.Removed)
	}
	if len(w.p.asked) != 0 {
		t.Fatalf("left: %v", w.p.asked)
	}
}

// TestAskedPeersThatShareANetwork: what they share comes and goes without a word, as
// long as they were asked about; and the other way round.
func TestAskedPeersThatShareANetwork(t *testing.T) {
	w := newWorld(2)
	group := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{7, 8}}
	w.update(endpoint(7, 2, 1, 11), endpoint(8, 3, 2, 11), view.PutGroup(&group))
	a := w.p.Attach(1)
	a.Take(1)
	w.p.Await(1, 2, func() {})
	a.Take(2)
	w.update(endpoint(8, 9, 1, 12))
	w.update(view.RemoveEndpoint(8, netip.MustParseAddr("10.7.0.9")))
	if u, some := a.Take(3); some {
		t.Fatalf("told %+v", u)
	}
	w.update(endpoint(8, 9, 1, 12))
	w.update(view.RemoveGroup("a"))
	if u, some := a.Take(4); some || !w.p.Share(1, 2) {
		t.Fatalf("they share a network, but: %+v", u)
	}
	w.update(view.RemoveEndpoint(8, netip.MustParseAddr("10.7.0.9")))
	if u, _ := a.Take(5); !slices.Equal(u.Removed, []linkspan.ChassisID{2}) {
		t.Fatalf("told %+v", u)
	}
}

// TestAChassisThatIsGoneIsForgotten also where it was asked about.
func TestAChassisThatIsGoneIsForgotten(t *testing.T) {
	w := newWorld(2)
	group := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{7, 8}}
	w.update(endpoint(7, 2, 1, 11), endpoint(8, 3, 2, 11), view.PutGroup(&group))
	a := w.p.Attach(1)
	a.Take(1)
	w.p.Await(1, 2, func() {})
	a.Take(2)
	w.update(view.RemoveChassis(2))
	if u, _ := a.Take(3); !slices.Equal(u.Removed, []linkspan.ChassisID{2}) || len(w.p.asked) != 0 {
		t.Fatalf("told %+v, left %v", u, w.p.asked)
	}
}

// TestOnlyThePairsOfAChangeAreReviewed: many were asked for, and one link and one group
// change.
func TestOnlyThePairsOfAChangeAreReviewed(t *testing.T) {
	const n = 20
	w := newWorld(2 * n)
	var links []*linkspan.Link
	for i := range n {
		a, b := linkspan.ChassisID(2*i+1), linkspan.ChassisID(2*i+2)
		w.update(named(linkspan.NetworkID(2*i+7), byte(2*i), a, "a"), named(linkspan.NetworkID(2*i+8), byte(2*i+1), b, "b"))
		l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: a, Container: "a"}, linkspan.LinkEnd{Chassis: b, Container: "b"}, linkspan.LinkAllow)
		links = append(links, &l)
		w.update(view.PutLink(&l))
		w.p.Await(a, b, func() {})
	}
	if len(w.p.asked) != 2*n {
		t.Fatalf("asked for: %v", w.p.asked)
	}
	group := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{9, 10}}
	for name, c := range map[string]struct {
		before, change view.Change
		want           []view.Pair
	}{
		"a link goes":      {view.Change{}, view.RemoveLink(links[0].A, links[0].B), []view.Pair{{A: 1, B: 2}}},
		"a group goes":     {view.PutGroup(&group), view.RemoveGroup("a"), []view.Pair{{A: 3, B: 4}}},
		"a group comes":    {view.Change{}, view.PutGroup(&group), nil},
		"a network leaves": {view.PutGroup(&group), view.PutGroup(&linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{9}}), []view.Pair{{A: 3, B: 4}}},
		"a chassis goes":   {view.Change{}, view.RemoveChassis(6), []view.Pair{{A: 5, B: 6}}},
	} {
		v, _ := w.v.Apply(c.before)
		_, d := v.Apply(c.change)
		if got := slices.Collect(maps.Keys(w.p.doubtful(&d))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v are looked at", name, got)
		}
	}
}

func named(network linkspan.NetworkID, last byte, on linkspan.ChassisID, container string) view.Change {
	return view.PutEndpoint(&linkspan.Endpoint{
		Network: network, Address: netip.AddrFrom4([4]byte{10, 7, 0, last}), Chassis: on, Port: uint32(last) + 10, Container: container,
	})
}

// TestNobodyIsAskedForWithoutAReason: not when it has gone before the question comes,
// and not longer than the endpoints that a link names are there.
func TestNobodyIsAskedForWithoutAReason(t *testing.T) {
	w := newWorld(2)
	group := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{7, 8}}
	w.update(named(7, 2, 1, "a"), named(7, 3, 1, "other"), named(8, 4, 2, "b"))
	w.update(view.PutGroup(&group))
	w.update(view.RemoveGroup("a"))
	if ready(w.p.Await(1, 2, func() {})) || w.p.Share(1, 2) || len(w.p.waiters) > 0 {
		t.Error("peers by a group that has gone")
	}
	l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"}, linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkAllow)
	for name, change := range map[string]view.Change{
		"the container goes":     view.RemoveEndpoint(7, netip.MustParseAddr("10.7.0.2")),
		"it gets another name":   named(7, 2, 1, "c"),
		"its name is taken back": named(7, 2, 1, ""),
	} {
		w.update(named(7, 2, 1, "a"), view.PutLink(&l))
		w.p.Await(1, 2, func() {})
		if !w.p.Share(1, 2) {
			t.Fatalf("%s: not asked for", name)
		}
		if w.update(change); w.p.Share(1, 2) {
			t.Errorf("%s: peers still", name)
		}
	}
}
