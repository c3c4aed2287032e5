// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
)

func back() linkspan.LocalNetwork {
	return linkspan.LocalNetwork{
		ID: "n1", Name: "back", Driver: "bridge", Subnets: []linkspan.LocalSubnet{{Subnet: netip.MustParsePrefix("172.18.0.0/16")}},
	}
}

func inBack(id string) linkspan.LocalEndpoint {
	return linkspan.LocalEndpoint{ID: id, Network: "n1", Container: "c" + id, Address: netip.MustParseAddr("172.18.0.2")}
}

var sameLocals = cmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.EquateEmpty()}

func wantLocals(t *testing.T, s *Store, id linkspan.ChassisID, want Locals) (revision uint64) {
	t.Helper()
	got, revision, err := s.Locals(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, sameLocals); d != "" {
		t.Errorf("chassis %d: %s", id, d)
	}
	return revision
}

// of gives the records to a chassis, as the store does.
func of(id linkspan.ChassisID, all Locals) Locals {
	for i := range all.Networks {
		all.Networks[i].Chassis = id
	}
	for i := range all.Endpoints {
		all.Endpoints[i].Chassis = id
	}
	return all
}

func TestLocalsAreChangedInSteps(t *testing.T) {
	s, ctx := open(t), t.Context()
	if revision := wantLocals(t, s, 1, Locals{}); revision != 0 {
		t.Errorf("nothing was told, and the revision is %d", revision)
	}
	first := LocalChange{Put: Locals{[]linkspan.LocalNetwork{back()}, []linkspan.LocalEndpoint{inBack("1"), inBack("2")}}}
	first.Put.Networks[0].Chassis = 2 // a chassis speaks of itself, whatever it says
	revision, err := s.ChangeLocals(ctx, 1, 0, first)
	if err != nil {
		t.Fatal(err)
	}
	told := of(1, Locals{[]linkspan.LocalNetwork{back()}, []linkspan.LocalEndpoint{inBack("1"), inBack("2")}})
	if got := wantLocals(t, s, 1, told); got != revision {
		t.Errorf("the revision is %d, want %d", got, revision)
	}
	wantLocals(t, s, 2, Locals{})

	_, err = s.ChangeLocals(ctx, 1, 0, LocalChange{RemovedNetworks: []string{"n1"}})
	wantCode(t, err, linkspan.Conflict) // somebody who has not looked
	next, err := s.ChangeLocals(ctx, 1, revision, LocalChange{RemovedEndpoints: []string{"1", "never"}})
	if err != nil || next <= revision {
		t.Fatalf("got revision %d after %d, %v", next, revision, err)
	}
	_, err = s.ChangeLocals(ctx, 1, revision, LocalChange{Put: first.Put})
	wantCode(t, err, linkspan.Conflict) // a call that comes late
	wantLocals(t, s, 1, of(1, Locals{[]linkspan.LocalNetwork{back()}, []linkspan.LocalEndpoint{inBack("2")}}))
	if last, err := s.ChangeLocals(ctx, 1, next, LocalChange{}); err != nil || last <= next {
		t.Errorf("a change of nothing: revision %d after %d, %v", last, next, err)
	}
	_, err = s.ChangeLocals(ctx, 1, next, LocalChange{RemovedNetworks: []string{"n1"}})
	wantCode(t, err, linkspan.Conflict)
}

func TestBadLocalsChangeNothing(t *testing.T) {
	s, ctx := open(t), t.Context()
	nameless := back()
	nameless.Name = ""
	path := inBack("../../0002/endpoints/x")
	many := LocalChange{}
	for i := range MaxLocalChanges + 1 {
		many.RemovedEndpoints = append(many.RemovedEndpoints, fmt.Sprint("e", i))
	}
	for what, change := range map[string]LocalChange{
		"no name":        {Put: Locals{Networks: []linkspan.LocalNetwork{back(), nameless}}},
		"a path":         {Put: Locals{Endpoints: []linkspan.LocalEndpoint{path}}},
		"a path removed": {RemovedEndpoints: []string{"../x"}},
		"no id removed":  {RemovedNetworks: []string{""}},
		"one key twice":  {Put: Locals{Endpoints: []linkspan.LocalEndpoint{inBack("1")}}, RemovedEndpoints: []string{"1"}},
		"too many":       many,
	} {
		_, err := s.ChangeLocals(ctx, 1, 0, change)
		if err == nil || linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: got %v, want code invalid", what, err)
		}
	}
	wantLocals(t, s, 1, Locals{})
	_, err := s.ChangeLocals(ctx, 99, 0, LocalChange{Put: Locals{Networks: []linkspan.LocalNetwork{back()}}})
	wantCode(t, err, linkspan.Permission)
}

func TestLocalsGoWithTheirChassis(t *testing.T) {
	s, ctx := open(t), t.Context()
	var revision uint64
	for i := range 4 {
		var change LocalChange
		for j := range MaxLocalChanges {
			change.Put.Endpoints = append(change.Put.Endpoints, inBack(fmt.Sprintf("e%d-%d", i, j)))
		}
		var err error
		if revision, err = s.ChangeLocals(ctx, 1, revision, change); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ChangeLocals(ctx, 2, 0, LocalChange{Put: Locals{Networks: []linkspan.LocalNetwork{back()}}}); err != nil {
		t.Fatal(err)
	}
	one, err := s.Chassis(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.RemoveChassis(ctx, one), s.RemoveLocals(ctx, 1), s.RemoveLocals(ctx, 1)); err != nil {
		t.Fatal(err)
	}
	wantLocals(t, s, 1, Locals{})
	wantLocals(t, s, 2, of(2, Locals{Networks: []linkspan.LocalNetwork{back()}}))
	_, err = s.ChangeLocals(ctx, 1, 0, LocalChange{Put: Locals{Networks: []linkspan.LocalNetwork{back()}}})
	wantCode(t, err, linkspan.Permission)
}

func TestFollowTellsOfLocals(t *testing.T) {
	s := open(t)
	revision, err := s.ChangeLocals(t.Context(), 1, 0, LocalChange{Put: Locals{Networks: []linkspan.LocalNetwork{back()}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	replaced, changed := make(chan []Change, 1), make(chan []Change, 8)
	done := make(chan error, 1)
	go func() {
		done <- s.Follow(ctx, func(c []Change, _ uint64) { replaced <- c }, func(c []Change, _ uint64) { changed <- c })
	}()
	network := func(c Change) bool {
		return c.LocalNetwork != nil && c.LocalNetwork.Name == "back" && c.LocalNetwork.Chassis == 1
	}
	if first := <-replaced; len(first) != 3 || !network(first[2]) {
		t.Errorf("got %+v, want two chassis and the network", first)
	}
	_, err = s.ChangeLocals(t.Context(), 1, revision, LocalChange{
		Put: Locals{Endpoints: []linkspan.LocalEndpoint{inBack("1")}}, RemovedNetworks: []string{"n1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	put, removed := false, false
	for _, c := range <-changed {
		put = put || c.LocalEndpoint != nil && !c.Removed && c.LocalEndpoint.Container == "c1"
		removed = removed || c.LocalNetwork != nil && c.Removed && c.LocalNetwork.ID == "n1" && c.LocalNetwork.Chassis == 1
	}
	if !put || !removed {
		t.Error("the change was not told whole")
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
