// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// naive is Find as ADR 0017 says it, by looking at everything.
func naive(v *View, from *linkspan.Endpoint, a netip.Addr) (Key, Sight) {
	nobody := Key{from.Network, a}
	if own := v.Network(from.Network); own != nil && own.Subnet.Contains(a) {
		return nobody, Seen
	}
	var hold, share []linkspan.NetworkID
	for n := range v.Networks() {
		if !n.Driver.Is(linkspan.Hotplug) || !n.Subnet.Contains(a) {
			continue
		}
		hold = append(hold, n.ID)
		for g := range v.Groups() {
			if g.Has(n.ID) && g.Has(from.Network) && !slices.Contains(share, n.ID) {
				share = append(share, n.ID)
			}
		}
	}
	switch {
	case len(hold) == 0:
		return nobody, Nowhere
	case len(hold) == 1:
		return Key{hold[0], a}, Seen
	case len(share) == 1:
		return Key{share[0], a}, Seen
	case len(share) > 1:
		return nobody, Ambiguous
	}
	linked := make(map[Key]bool)
	for l := range v.Links() {
		for e := range v.Endpoints() {
			if e.Attached() && e.Address == a && l.Verdict == linkspan.LinkAllow && l.Joins(from, e) {
				linked[KeyOf(e)] = true
			}
		}
	}
	if len(linked) == 1 {
		for key := range linked {
			return key, Seen
		}
	}
	return nobody, Ambiguous
}

// drawn draws a change of a small world in which much overlaps.
func drawn(t *rapid.T) Change {
	network := linkspan.NetworkID(rapid.IntRange(1, 5).Draw(t, "network"))
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		return RemoveNetwork(network)
	case 1, 2:
		n := &linkspan.Network{ID: network, Subnet: rapid.SampledFrom([]netip.Prefix{
			netip.MustParsePrefix("10.7.0.0/24"), netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("10.8.0.0/24"),
			netip.MustParsePrefix("10.9.0.0/25"),
		}).Draw(t, "subnet")}
		if rapid.IntRange(0, 5).Draw(t, "overlay") == 0 {
			n.Driver = linkspan.Overlay
		}
		return PutNetwork(n)
	case 3:
		return RemoveGroup(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group"))
	case 4:
		g := linkspan.Group{Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group")}
		for _, id := range rapid.SliceOfN(rapid.IntRange(1, 5), 0, 4).Draw(t, "members") {
			g = g.With(linkspan.NetworkID(id))
		}
		return PutGroup(&g)
	case 5:
		l := drawnLink(t)
		return RemoveLink(l.A, l.B)
	case 6:
		l := drawnLink(t)
		return PutLink(&l)
	case 7:
		return RemoveEndpoint(network, drawnAddress(t))
	}
	return PutEndpoint(&linkspan.Endpoint{
		Network: network, Address: drawnAddress(t), Chassis: linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis")),
		Port: uint32(rapid.IntRange(0, 8).Draw(t, "port")), Container: rapid.SampledFrom([]string{"", "x", "y", "z"}).Draw(t, "container"),
	})
}

func drawnAddress(t *rapid.T) netip.Addr {
	return rapid.SampledFrom([]netip.Addr{
		netip.MustParseAddr("10.7.0.2"), netip.MustParseAddr("10.7.1.2"), netip.MustParseAddr("10.8.0.2"), netip.MustParseAddr("10.9.0.2"),
		netip.MustParseAddr("192.0.2.1"),
	}).Draw(t, "address")
}

func drawnLink(t *rapid.T) linkspan.Link {
	end := func() linkspan.LinkEnd {
		return linkspan.LinkEnd{
			Chassis: linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "at")), Container: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "name"),
			Network: linkspan.NetworkID(rapid.IntRange(0, 2).Draw(t, "by")),
		}
	}
	return linkspan.LinkOf(end(), end(), rapid.SampledFrom([]linkspan.LinkVerdict{linkspan.LinkAllow, linkspan.LinkDeny}).Draw(t, "verdict"))
}

// TestFindIsWhatTheADRSays compares the indexes with a look at everything, after
// any changes.
func TestFindIsWhatTheADRSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			v, _ = v.Apply(drawn(t))
		}
		for e := range v.Endpoints() {
			if !e.Attached() {
				continue
			}
			for _, a := range []string{"10.7.0.2", "10.7.1.2", "10.8.0.2", "10.9.0.2", "192.0.2.1"} {
				address := netip.MustParseAddr(a)
				wantKey, want := naive(v, e, address)
				if key, sight := v.Find(e, address); key != wantKey || sight != want {
					t.Fatalf("for %s %s is %s, %d, want %s, %d", KeyOf(e), a, key, sight, wantKey, want)
				}
			}
			for o := range v.Endpoints() {
				if o.Attached() {
					agreeOnLink(t, v, e, o)
				}
			}
		}
	})
}

// agreeOnLink compares the link of two endpoints with a look at all links.
func agreeOnLink(t *rapid.T, v *View, a, b *linkspan.Endpoint) {
	var verdict linkspan.LinkVerdict
	for l := range v.Links() {
		if l.Joins(a, b) && verdict != linkspan.LinkDeny {
			verdict = l.Verdict
		}
	}
	got := v.Link(a, b)
	if got == nil && verdict != "" || got != nil && (got.Verdict != verdict || !got.Joins(a, b)) {
		t.Fatalf("%s and %s: %+v, want %q", KeyOf(a), KeyOf(b), got, verdict)
	}
	denies := false
	for l := range v.Links() {
		denies = denies || l.Verdict == linkspan.LinkDeny && (l.A.Chassis == a.Chassis || l.B.Chassis == a.Chassis)
	}
	if v.Unknowable(a) != (denies && a.Container == "") {
		t.Fatalf("%s is unknowable: %t", KeyOf(a), v.Unknowable(a))
	}
}

// placed says whether an endpoint is attached under an address that its network has;
// the store has no others.
func placed(v *View, e *linkspan.Endpoint) bool {
	n := v.Network(e.Network)
	return e.Attached() && n != nil && n.Holds(e.Address)
}

// TestNobodyHasTwoPeersOfOneAddress: whatever overlaps, those that an endpoint finds
// and that find it have each another address. The flows of routes need that.
func TestNobodyHasTwoPeersOfOneAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			v, _ = v.Apply(drawn(t))
		}
		for e := range v.Endpoints() {
			peers := make(map[netip.Addr]Key)
			if !placed(v, e) {
				continue
			}
			for o := range v.Endpoints() {
				if e == o || !placed(v, o) || !v.FindEachOther(e, o) {
					continue
				}
				if other, taken := peers[o.Address]; taken {
					t.Fatalf("%s has the peers %s and %s", KeyOf(e), other, KeyOf(o))
				}
				peers[o.Address] = KeyOf(o)
			}
		}
	})
}

func TestFindAllocatesNothing(t *testing.T) {
	e := &linkspan.Endpoint{Network: 1, Address: address(2), Chassis: 1, Port: 11, Container: "x"}
	o := &linkspan.Endpoint{Network: 2, Address: netip.MustParseAddr("10.8.0.2"), Chassis: 1, Port: 12, Container: "y"}
	g := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{1, 2}}
	v, _ := new(View).Apply(
		PutNetwork(&linkspan.Network{ID: 1, Subnet: netip.MustParsePrefix("10.7.0.0/24")}),
		PutNetwork(&linkspan.Network{ID: 2, Subnet: netip.MustParsePrefix("10.8.0.0/24")}),
		PutNetwork(&linkspan.Network{ID: 3, Subnet: netip.MustParsePrefix("10.8.0.0/16")}),
		PutEndpoint(e), PutEndpoint(o), PutGroup(&g))
	if n := testing.AllocsPerRun(100, func() {
		if !v.FindEachOther(e, o) {
			t.Fatal("they do not find each other")
		}
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestMayTalk(t *testing.T) {
	web, db := endpoint(1, 2, 1, 11), endpoint(2, 3, 2, 11)
	web.Container, db.Container = "web", "db"
	v, _ := new(View).Apply(PutEndpoint(web), PutEndpoint(db))
	if v.MayTalk(1, 2) {
		t.Fatal("nothing lets them")
	}
	group := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{1, 2}}
	link := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "web"}, linkspan.LinkEnd{Chassis: 2, Container: "db"}, linkspan.LinkAllow)
	denies := link
	denies.Verdict = linkspan.LinkDeny
	allows := linkspan.Policy{ID: 7, Name: "p", Action: linkspan.PolicyAllow}
	refuses := linkspan.Policy{ID: 7, Name: "p", Action: linkspan.PolicyReject}
	for name, c := range map[string]struct {
		changes []Change
		want    bool
	}{
		"a group":                  {[]Change{PutGroup(&group)}, true},
		"a link":                   {[]Change{PutLink(&link)}, true},
		"a link that denies":       {[]Change{PutLink(&denies)}, false},
		"a link of one gone":       {[]Change{PutLink(&link), RemoveEndpoint(2, address(3))}, false},
		"a group of one gone":      {[]Change{PutGroup(&group), RemoveEndpoint(2, address(3))}, false},
		"a group that is gone":     {[]Change{PutGroup(&group), RemoveGroup("a")}, false},
		"a policy":                 {[]Change{PutPolicy(&allows)}, true},
		"a policy that denies":     {[]Change{PutPolicy(&refuses)}, false},
		"a policy that is gone":    {[]Change{PutPolicy(&allows), RemovePolicy(7)}, false},
		"a policy that denies now": {[]Change{PutPolicy(&allows), PutPolicy(&refuses)}, false},
	} {
		w, _ := v.Apply(c.changes...)
		if w.MayTalk(1, 2) != c.want || w.MayTalk(2, 1) != c.want {
			t.Errorf("%s: %t", name, !c.want)
		}
	}
}

func TestGroupedYieldsEachOnce(t *testing.T) {
	a := linkspan.Group{Name: "a", Networks: []linkspan.NetworkID{1, 2, 3}}
	b := linkspan.Group{Name: "b", Networks: []linkspan.NetworkID{1, 3, 4}}
	v, d := new(View).Apply(PutGroup(&a), PutGroup(&b))
	got := slices.Sorted(v.Grouped(1))
	if !slices.Equal(got, []linkspan.NetworkID{2, 3, 4}) || len(d.Groups) != 2 {
		t.Fatalf("got %v, %d groups changed", got, len(d.Groups))
	}
	same := a
	if w, d := v.Apply(PutGroup(&same)); !d.Empty() || w.Group("a") != &a {
		t.Fatal("the same once again is a change")
	}
	v, _ = v.Apply(RemoveGroup("a"))
	if v.Shares(1, 2) != nil || v.Shares(1, 3) == nil || len(v.GroupsOf(2)) != 0 {
		t.Fatal("what is gone still counts")
	}
}
