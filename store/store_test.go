// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func open(t *testing.T) *Store {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	s := New(db)
	for _, name := range []string{"one", "two"} { // chassis 1 and 2
		if _, err := s.CreateChassis(t.Context(), linkspan.Chassis{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func web() linkspan.Network {
	return linkspan.Network{Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
}

func mustNetwork(t *testing.T, s *Store, n linkspan.Network) linkspan.Network {
	t.Helper()
	n, err := s.CreateNetwork(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCode(t *testing.T, err error, code linkspan.Code) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
}

func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 7, 0, byte(i)}) }

func TestNetworkIsStoredUnderItsNameAndNumber(t *testing.T) {
	s := open(t)
	made := mustNetwork(t, s, web())
	if made.ID == 0 || made.Gateway != address(1) || made.Idle != linkspan.DefaultIdle || made.Created.IsZero() {
		t.Fatalf("defaults are missing: %+v", made)
	}
	byName, err := s.NetworkByName(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	byID, err := s.Network(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	same := cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})
	if d := cmp.Diff(made, byName, same); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(made, byID, same); d != "" {
		t.Error(d)
	}
	other := mustNetwork(t, s, linkspan.Network{Name: "db", Subnet: made.Subnet})
	if other.ID == made.ID {
		t.Fatal("two networks have one number")
	}
}

func TestATakenNameComesWithItsHolder(t *testing.T) {
	s := open(t)
	made := mustNetwork(t, s, web())
	got, err := s.CreateNetwork(t.Context(), web())
	wantCode(t, err, linkspan.Exists)
	if got.ID != made.ID {
		t.Fatalf("got network %v, want the holder %v", got.ID, made.ID)
	}
}

func TestBadNetworksAreRefused(t *testing.T) {
	s := open(t)
	for name, n := range map[string]linkspan.Network{
		"no subnet":         {Name: "a"},
		"no name":           {Subnet: netip.MustParsePrefix("10.0.0.0/24")},
		"slash in name":     {Name: "a/b", Subnet: netip.MustParsePrefix("10.0.0.0/24")},
		"too small":         {Name: "a", Subnet: netip.MustParsePrefix("10.0.0.0/31")},
		"IPv6":              {Name: "a", Subnet: netip.MustParsePrefix("fd00::/64")},
		"gateway elsewhere": {Name: "a", Subnet: netip.MustParsePrefix("10.0.0.0/24"), Gateway: netip.MustParseAddr("10.1.0.1")},
		"range elsewhere":   {Name: "a", Subnet: netip.MustParsePrefix("10.0.0.0/24"), Range: netip.MustParsePrefix("10.1.0.0/25")},
		"idle too short":    {Name: "a", Subnet: netip.MustParsePrefix("10.0.0.0/24"), Idle: time.Millisecond},
	} {
		_, err := s.CreateNetwork(t.Context(), n)
		if linkspan.CodeOf(err) != linkspan.Invalid || err == nil {
			t.Errorf("%s: got %v, want code invalid", name, err)
		}
	}
}

func TestAddressesAreLeasedOnce(t *testing.T) {
	s := open(t)
	n := mustNetwork(t, s, web())
	e := linkspan.Endpoint{Network: n.ID, Address: address(2), Chassis: 1, Container: "c1"}
	if err := s.Reserve(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	e.Chassis = 2
	wantCode(t, s.Reserve(t.Context(), e), linkspan.Exists)
	for _, never := range []netip.Addr{address(0), address(1), address(255), netip.MustParseAddr("10.8.0.2")} {
		e.Address = never
		wantCode(t, s.Reserve(t.Context(), e), linkspan.Invalid)
	}
	e.Network, e.Address = 99, address(3)
	wantCode(t, s.Reserve(t.Context(), e), linkspan.NotFound)
}

func TestAuxiliaryAddressesAreNeverLeased(t *testing.T) {
	s := open(t)
	bad := web()
	bad.Aux = map[string]netip.Addr{"router": address(1)}
	_, err := s.CreateNetwork(t.Context(), bad)
	wantCode(t, err, linkspan.Invalid)
	good := web()
	good.Aux = map[string]netip.Addr{"nas": address(5)}
	n := mustNetwork(t, s, good)
	wantCode(t, s.Reserve(t.Context(), linkspan.Endpoint{Network: n.ID, Address: address(5), Chassis: 1}), linkspan.Invalid)
}

func TestOnlyItsChassisChangesAnEndpoint(t *testing.T) {
	s, ctx := open(t), t.Context()
	n := mustNetwork(t, s, web())
	e := linkspan.Endpoint{Network: n.ID, Address: address(2), Chassis: 1, Container: "c1"}
	if err := s.Reserve(ctx, e); err != nil {
		t.Fatal(err)
	}
	e.Port, e.MAC, e.Container = 100, linkspan.MAC{2, 0, 0, 0, 0, 1}, ""
	foreign := e
	foreign.Chassis = 2
	wantCode(t, s.Attach(ctx, foreign), linkspan.Permission)
	wantCode(t, s.Release(ctx, n.ID, e.Address, 2), linkspan.Permission)
	if err := s.Attach(ctx, e); err != nil {
		t.Fatal(err)
	}
	got, err := s.Endpoint(ctx, n.ID, e.Address)
	if err != nil || !got.Attached() || got.Container != "c1" {
		t.Fatalf("got %+v, %v; want it attached and its name kept", got, err)
	}
	for range 2 { // the second time there is nothing to free
		if err := s.Release(ctx, n.ID, e.Address, 1); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, s.Attach(ctx, e), linkspan.NotFound)
}

func TestARemovedChassisReservesNothing(t *testing.T) {
	s, ctx := open(t), t.Context()
	n := mustNetwork(t, s, web())
	gone, err := s.Chassis(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveChassis(ctx, gone); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.Reserve(ctx, linkspan.Endpoint{Network: n.ID, Address: address(2), Chassis: 2}), linkspan.Permission)
}

func TestANetworkWithEndpointsStays(t *testing.T) {
	s, ctx := open(t), t.Context()
	n := mustNetwork(t, s, web())
	e := linkspan.Endpoint{Network: n.ID, Address: address(2), Chassis: 1, Container: "c1"}
	if err := s.Reserve(ctx, e); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.RemoveNetwork(ctx, n.ID), linkspan.InUse)
	e.Address = address(3)
	if err := s.Reserve(ctx, e); err != nil {
		t.Fatalf("after a refused removal nobody can join: %v", err)
	}
	for i := 2; i < 4; i++ {
		if err := s.Release(ctx, n.ID, address(i), 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RemoveNetwork(ctx, n.ID); err != nil {
		t.Fatal(err)
	}
	_, err := s.NetworkByName(ctx, "web")
	wantCode(t, err, linkspan.NotFound)
	wantCode(t, s.RemoveNetwork(ctx, n.ID), linkspan.NotFound)
}

// TestRemovalAgainstReservations races the two: whatever wins, no endpoint is
// left in a network that is gone.
func TestRemovalAgainstReservations(t *testing.T) {
	s, ctx := open(t), t.Context()
	for round := range 50 {
		n := mustNetwork(t, s, linkspan.Network{Name: fmt.Sprint("n", round), Subnet: netip.MustParsePrefix("10.7.0.0/24")})
		var wg sync.WaitGroup
		for i := 2; i < 6; i++ {
			wg.Go(func() {
				err := s.Reserve(ctx, linkspan.Endpoint{Network: n.ID, Address: address(i), Chassis: 1})
				if code := linkspan.CodeOf(err); err != nil && code != linkspan.NotFound && code != linkspan.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			if err := s.RemoveNetwork(ctx, n.ID); err != nil && linkspan.CodeOf(err) != linkspan.InUse {
				t.Error(err)
			}
		})
		wg.Wait()
		endpoints, err := s.Endpoints(ctx, n.ID)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Network(ctx, n.ID)
		if err != nil && len(endpoints) > 0 {
			t.Fatalf("round %d: the network is gone and has %d endpoints", round, len(endpoints))
		}
		if err == nil && got.Removing {
			t.Fatalf("round %d: the network is left as being removed", round)
		}
	}
}

func TestChassisAreNumberedAndNamedOnce(t *testing.T) {
	s, ctx := open(t), t.Context()
	h1, err := s.CreateChassis(ctx, linkspan.Chassis{Name: "h1", Underlay: netip.MustParseAddr("198.18.0.11")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateChassis(ctx, linkspan.Chassis{Name: "h1"})
	wantCode(t, err, linkspan.Exists)
	h2, err := s.CreateChassis(ctx, linkspan.Chassis{Name: "h2"})
	if err != nil || h2.ID == h1.ID {
		t.Fatalf("got %v, %v", h2.ID, err)
	}
	changed, err := s.UpdateChassis(ctx, h1.ID, func(c *linkspan.Chassis) { c.MTU = 9000 })
	if err != nil || changed.MTU != 9000 {
		t.Fatalf("got %+v, %v", changed, err)
	}
	if err := s.RemoveChassis(ctx, h1); err != nil {
		t.Fatal(err)
	}
	again, err := s.CreateChassis(ctx, linkspan.Chassis{Name: "h1"})
	if err != nil || again.ID == h1.ID {
		t.Fatalf("got number %v again, %v; a number must rest", again.ID, err)
	}
}

func TestEventsKeepTheLast(t *testing.T) {
	s, ctx := open(t), t.Context()
	start := time.Unix(1_700_000_000, 0).UTC()
	for i := range 10 {
		e := linkspan.Event{Time: start.Add(time.Duration(i) * time.Second), Kind: linkspan.NetworkCreated, Subject: fmt.Sprint(i)}
		if err := s.AppendEvent(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	events, err := s.Events(ctx, 3)
	if err != nil || len(events) != 3 || events[0].Subject != "7" || events[2].Subject != "9" {
		t.Fatalf("got %+v, %v", events, err)
	}
}

func TestRecordsUpdateIsOneStep(t *testing.T) {
	s, ctx := open(t), t.Context()
	counters := Tokens[int](s)
	if err := counters.Put(ctx, "a", 0); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := counters.Update(ctx, "a", func(n int) (int, error) { return n + 1, nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := counters.Get(ctx, "a"); err != nil || n != 20 {
		t.Fatalf("got %d, %v after 20 updates", n, err)
	}
	_, err := counters.Update(ctx, "b", func(n int) (int, error) { return n + 1, nil })
	wantCode(t, err, linkspan.NotFound)
}

func TestFollowTellsAllThenChanges(t *testing.T) {
	s := open(t)
	n := mustNetwork(t, s, web())
	ctx, cancel := context.WithCancel(t.Context())
	replaced, changed := make(chan []Change, 1), make(chan []Change, 8)
	done := make(chan error, 1)
	go func() {
		done <- s.Follow(ctx, func(c []Change, _ uint64) { replaced <- c }, func(c []Change, _ uint64) { changed <- c })
	}()
	first := <-replaced
	if len(first) != 3 || first[2].Network == nil || first[2].Network.ID != n.ID {
		t.Fatalf("got %+v, want two chassis and the network", first)
	}
	e := linkspan.Endpoint{Network: n.ID, Address: address(2), Chassis: 1}
	if err := s.Reserve(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := <-changed; got[0].Endpoint == nil || got[0].Removed || got[0].Endpoint.Address != e.Address {
		t.Fatalf("got %+v", got)
	}
	if err := s.Release(t.Context(), n.ID, e.Address, 1); err != nil {
		t.Fatal(err)
	}
	if got := <-changed; !got[0].Removed || got[0].Endpoint.Address != e.Address || got[0].Endpoint.Network != n.ID {
		t.Fatalf("got %+v", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
