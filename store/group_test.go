// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// networks makes networks with subnets 10.N.0.0/16, and returns their numbers.
func networks(t *testing.T, s *Store, seconds ...byte) (ids []linkspan.NetworkID) {
	t.Helper()
	for i, second := range seconds {
		ids = append(ids, mustNetwork(t, s, linkspan.Network{
			Name: fmt.Sprintf("n%d-%d", i, second), Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, second, 0, 0}), 16),
		}).ID)
	}
	return ids
}

func join(ids ...linkspan.NetworkID) func(linkspan.Group) linkspan.Group {
	return func(g linkspan.Group) linkspan.Group {
		for _, id := range ids {
			g = g.With(id)
		}
		return g
	}
}

func mustGroup(t *testing.T, s *Store, name string, ids ...linkspan.NetworkID) {
	t.Helper()
	if _, err := s.CreateGroup(t.Context(), linkspan.Group{Name: name}, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.ChangeGroup(t.Context(), name, join(ids...), nil); err != nil {
		t.Fatal(err)
	}
}

func TestGroupLife(t *testing.T) {
	s := open(t)
	ids := networks(t, s, 1, 2)
	mustGroup(t, s, "shop", ids...)
	g, err := s.Group(t.Context(), "shop")
	if err != nil || !cmp.Equal(g.Networks, ids) || g.Created.IsZero() {
		t.Fatalf("got %+v, %v", g, err)
	}
	_, err = s.CreateGroup(t.Context(), linkspan.Group{Name: "shop"}, nil)
	wantCode(t, err, linkspan.Exists)
	if _, _, err = s.ChangeGroup(t.Context(), "shop", func(g linkspan.Group) linkspan.Group { return g.Without(ids[0]) }, nil); err != nil {
		t.Fatal(err)
	}
	if g, err = s.RemoveGroup(t.Context(), "shop"); err != nil || !cmp.Equal(g.Networks, ids[1:]) {
		t.Fatalf("removed %+v, %v", g, err)
	}
	for name, err := range map[string]error{
		"get":    second(s.Group(t.Context(), "shop")),
		"remove": second(s.RemoveGroup(t.Context(), "shop")),
		"a name": second(s.Group(t.Context(), "a//b")),
	} {
		if linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestGroupRefusals: what is refused, and that both networks, or the other group,
// are named.
func TestGroupRefusals(t *testing.T) {
	s := open(t)
	ids := networks(t, s, 1, 1, 2, 3)
	one, same, two, three := ids[0], ids[1], ids[2], ids[3]
	overlay := mustNetwork(t, s, linkspan.Network{Name: "over", Driver: linkspan.Overlay, Subnet: netip.MustParsePrefix("10.50.0.0/16")}).ID
	internal := mustNetwork(t, s, linkspan.Network{Name: "in", Internal: true, Subnet: netip.MustParsePrefix("10.51.0.0/16")}).ID
	mustGroup(t, s, "a", one, two)
	mustGroup(t, s, "b", three)
	mustGroup(t, s, "c", same)
	for name, c := range map[string]struct {
		group string
		id    linkspan.NetworkID
		says  []string
		code  linkspan.Code
	}{
		"overlap":               {"a", same, []string{"n0-1", "n1-1"}, linkspan.Invalid},
		"by another group":      {"c", two, []string{"n0-1", "n1-1", "n2-2 reaches by group a"}, linkspan.Invalid},
		"an overlay":            {"a", overlay, []string{"over", "overlay"}, linkspan.Invalid},
		"an internal one":       {"a", internal, []string{"internal"}, linkspan.Invalid},
		"a network there isn't": {"a", 99, []string{"000063"}, linkspan.NotFound},
	} {
		_, _, err := s.ChangeGroup(t.Context(), c.group, join(c.id), nil)
		if linkspan.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
	}
	if _, _, err := s.ChangeGroup(t.Context(), "b", join(two), nil); err != nil {
		t.Errorf("what fits is refused: %v", err)
	}
	if _, _, err := s.ChangeGroup(t.Context(), "b", join(same), nil); err == nil {
		t.Error("two reaches both by a and by b")
	}
}

// TestNetworkLeavesItsGroups: and the links that name it end; one that is still used
// stays in them.
func TestNetworkLeavesItsGroups(t *testing.T) {
	s := open(t)
	ids := networks(t, s, 1, 2)
	mustGroup(t, s, "shop", ids...)
	named := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a", Network: ids[0]}, linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkDeny)
	free := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"}, linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkAllow)
	for _, l := range []linkspan.Link{named, free} {
		if _, err := s.PutLink(t.Context(), l, nil); err != nil {
			t.Fatal(err)
		}
	}
	e := linkspan.Endpoint{Network: ids[0], Address: netip.MustParseAddr("10.1.0.2"), Chassis: 1}
	if err := s.Reserve(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.RemoveNetwork(t.Context(), ids[0]), linkspan.InUse)
	if g, _ := s.Group(t.Context(), "shop"); len(g.Networks) != 2 {
		t.Fatalf("a network that stays left: %v", g.Networks)
	}
	if err := s.Release(t.Context(), e.Network, e.Address, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveNetwork(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if g, _ := s.Group(t.Context(), "shop"); !cmp.Equal(g.Networks, ids[1:]) {
		t.Fatalf("the group has %v", g.Networks)
	}
	if links, err := s.Links(t.Context()); err != nil || len(links) != 1 || links[0].A != free.A {
		t.Fatalf("left are %+v, %v", links, err)
	}
	c, _ := s.Chassis(t.Context(), 2)
	if err := s.RemoveChassis(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if links, _ := s.Links(t.Context()); len(links) != 0 {
		t.Fatalf("of a chassis that is gone are left %+v", links)
	}
}

func TestLinkLife(t *testing.T) {
	s := open(t)
	a, b := linkspan.LinkEnd{Chassis: 1, Container: "a.b"}, linkspan.LinkEnd{Chassis: 2, Container: "c"}
	old, err := s.PutLink(t.Context(), linkspan.LinkOf(b, a, linkspan.LinkAllow), nil)
	if err != nil || old.Verdict != "" {
		t.Fatalf("before the first there was %+v, %v", old, err)
	}
	if old, err = s.PutLink(t.Context(), linkspan.LinkOf(a, b, linkspan.LinkDeny), nil); err != nil || old.Verdict != linkspan.LinkAllow {
		t.Fatalf("before was %+v, %v", old, err)
	}
	links, err := s.Links(t.Context())
	if err != nil || len(links) != 1 || links[0].Verdict != linkspan.LinkDeny || links[0].A != a {
		t.Fatalf("got %+v, %v", links, err)
	}
	for i, want := range []bool{true, false} {
		if removed, err := s.RemoveLink(t.Context(), links[0]); removed != want || err != nil {
			t.Fatalf("removal %d: %t, %v", i, removed, err)
		}
	}
	l := linkspan.LinkOf(a, linkspan.LinkEnd{Chassis: 77, Container: "c"}, linkspan.LinkAllow)
	if _, err := s.PutLink(t.Context(), l, nil); err == nil {
		t.Fatal("an end on a chassis that does not exist")
	}
}

func TestLinkKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := func(name string) linkspan.LinkEnd {
			return linkspan.LinkEnd{
				Chassis:   linkspan.ChassisID(rapid.Uint16Min(1).Draw(t, name+" chassis")),
				Network:   linkspan.NetworkID(rapid.Uint32Max(uint32(linkspan.MaxNetworkID)).Draw(t, name+" network")),
				Container: rapid.StringMatching(`[a-z0-9._-]{1,40}`).Draw(t, name),
			}
		}
		l := linkspan.LinkOf(end("a"), end("b"), "")
		if got, err := parseLinkKey(linkKey(&l)); err != nil || got != l {
			t.Fatalf("%q is read as %+v, %v", linkKey(&l), got, err)
		}
	})
}

// TestConcurrentChangesFitTogether: two networks that overlap never get into one
// group, whoever is faster.
func TestConcurrentChangesFitTogether(t *testing.T) {
	s := open(t)
	ids := networks(t, s, 1, 1, 2, 3)
	mustGroup(t, s, "a", ids[2])
	mustGroup(t, s, "b", ids[2])
	var group sync.WaitGroup
	failed := make([]error, 2)
	for i, name := range []string{"a", "b"} {
		group.Go(func() { _, _, failed[i] = s.ChangeGroup(t.Context(), name, join(ids[i]), nil) })
	}
	group.Wait()
	if (failed[0] == nil) == (failed[1] == nil) {
		t.Fatalf("of two that exclude each other came about: %v, %v", failed[0], failed[1])
	}
}

func TestFollowTellsGroupsAndLinks(t *testing.T) {
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	s := New(db)
	for _, name := range []string{"one", "two"} {
		if _, err := s.CreateChassis(t.Context(), linkspan.Chassis{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := make(chan string, 16)
	tell := func(changes []Change, _ uint64) {
		for _, c := range changes {
			switch {
			case c.Group != nil:
				told <- fmt.Sprintf("group %s %t", c.Group.Name, c.Removed)
			case c.Link != nil:
				told <- fmt.Sprintf("link %s-%s %s %t", c.Link.A.Container, c.Link.B.Container, c.Link.Verdict, c.Removed)
			}
		}
	}
	ready := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.Follow(ctx, func(c []Change, r uint64) { tell(c, r); close(ready) }, tell)
	}()
	<-ready
	mustGroup(t, s, "shop")
	l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"}, linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkDeny)
	if _, err := s.PutLink(t.Context(), l, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoveLink(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoveGroup(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"group shop false", "link a-b deny false", "link a-b  true", "group shop true"} {
		if got := <-told; got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
	}
	cancel()
	<-done
}
