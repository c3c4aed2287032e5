// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"

	"github.com/linkspan/linkspan"
)

// toldBack is a chassis's network of its own, told, as it is joined.
func toldBack(t *testing.T, s *Store, on linkspan.ChassisID, id string) linkspan.Network {
	t.Helper()
	n := back()
	n.ID, n.Driver = id, linkspan.BridgeDriver
	_, revision, err := s.Locals(t.Context(), on)
	if err == nil {
		_, err = s.ChangeLocals(t.Context(), on, revision, LocalChange{Put: Locals{Networks: []linkspan.LocalNetwork{n}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	n.Chassis = on
	b, err := linkspan.Bridged(&n, "h1")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBridgesJoinAndPart: one record as long as something speaks of the network, and it
// is there.
func TestBridgesJoinAndPart(t *testing.T) {
	s, ctx := open(t), t.Context()
	b := toldBack(t, s, 1, "n1")
	n, err := s.JoinBridge(ctx, b)
	if err != nil || n.ID == 0 || n.Name != "h1/back" || n.Driver != linkspan.Bridge {
		t.Fatalf("joined %+v, %v", n, err)
	}
	if again, err := s.JoinBridge(ctx, b); err != nil || again.ID != n.ID {
		t.Errorf("joined again: %+v, %v", again, err)
	}
	if _, err := s.CreateGroup(ctx, linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{n.ID}}, nil); err != nil {
		t.Fatal(err)
	}
	stays := func(why string, want bool) {
		t.Helper()
		if err := s.PartBridges(ctx); err != nil {
			t.Fatal(err)
		}
		_, err := s.Network(ctx, n.ID)
		if there := err == nil; there != want {
			t.Errorf("%s: there is %v, want %v (%v)", why, there, want, err)
		}
	}
	stays("in a group", true)
	if _, err := s.RemoveGroup(ctx, "g"); err != nil {
		t.Fatal(err)
	}
	stays("in no group", false)
	if n, err = s.JoinBridge(ctx, b); err != nil {
		t.Fatal(err)
	}
	l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "c1"}, linkspan.LinkEnd{Chassis: 2, Container: "c2"}, linkspan.LinkAllow)
	if _, err := s.PutLink(ctx, l, nil); err != nil {
		t.Fatal(err)
	}
	stays("linked, perhaps", true)
	_, revision, err := s.Locals(ctx, 1)
	if err == nil {
		_, err = s.ChangeLocals(ctx, 1, revision, LocalChange{RemovedNetworks: []string{"n1"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	stays("gone from its host", false)
}

// TestABridgeMadeAnewIsAnother: what was said about the one before ended with it.
func TestABridgeMadeAnewIsAnother(t *testing.T) {
	s, ctx := open(t), t.Context()
	n, err := s.JoinBridge(ctx, toldBack(t, s, 1, "n1"))
	if err == nil {
		_, err = s.CreateGroup(ctx, linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{n.ID}}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	second := toldBack(t, s, 1, "n2")
	if _, err := s.JoinBridge(ctx, second); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("one of two that have one name: %v", err)
	}
	_, revision, err := s.Locals(ctx, 1)
	if err == nil {
		_, err = s.ChangeLocals(ctx, 1, revision, LocalChange{RemovedNetworks: []string{"n1"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.JoinBridge(ctx, second)
	if err != nil || again.ID == n.ID || again.Local != "n2" {
		t.Fatalf("joined %+v, %v", again, err)
	}
	if g, err := s.Group(ctx, "g"); err != nil || len(g.Networks) != 0 {
		t.Errorf("the group is %+v, %v", g, err)
	}
}

// TestWhatIsNotJoined: a network that its host does not have, and addresses of one that
// is: they are the host's.
func TestWhatIsNotJoined(t *testing.T) {
	s, ctx := open(t), t.Context()
	b := toldBack(t, s, 1, "n1")
	unknown := b
	unknown.Local, unknown.Name = "other", "h1/other"
	if _, err := s.JoinBridge(ctx, unknown); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("joined what is not there: %v", err)
	}
	if all, err := s.Networks(ctx); err != nil || len(all) != 0 {
		t.Errorf("left: %+v, %v", all, err)
	}
	n, err := s.JoinBridge(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	e := linkspan.Endpoint{Network: n.ID, Address: n.Gateway.Next(), Chassis: 1}
	if err := s.Reserve(ctx, e); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("an address is leased: %v", err)
	}
}
