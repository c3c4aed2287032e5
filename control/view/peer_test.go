// SPDX-License-Identifier: Apache-2.0

package view

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// TestPeersAreWhoShareANetwork compares Peers and Share with what the endpoints
// say, and Owned with all endpoints.
func TestPeersAreWhoShareANetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			network := linkspan.NetworkID(rapid.IntRange(1, 3).Draw(t, "network"))
			last := byte(rapid.IntRange(1, 5).Draw(t, "address"))
			if rapid.Bool().Draw(t, "remove") {
				v, _ = v.Apply(RemoveEndpoint(network, address(last)))
				continue
			}
			on := linkspan.ChassisID(rapid.IntRange(1, 4).Draw(t, "chassis"))
			v, _ = v.Apply(PutEndpoint(endpoint(network, last, on, uint32(rapid.IntRange(0, 9).Draw(t, "port")))))
		}
		owned := 0
		for a := linkspan.ChassisID(1); a <= 4; a++ {
			want := map[linkspan.ChassisID]bool{}
			for network := range v.Present(a) {
				for b := range v.Members(network) {
					want[b] = true
				}
			}
			delete(want, a)
			got := slices.Sorted(v.Peers(a))
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got); diff != "" {
				t.Fatalf("peers of %d: %s", a, diff)
			}
			for b := linkspan.ChassisID(1); b <= 4; b++ {
				if v.Share(a, b) != want[b] {
					t.Fatalf("chassis %d and %d: share %t", a, b, v.Share(a, b))
				}
			}
			for e := range v.Owned(a) {
				if v.Endpoint(KeyOf(e)) != e || e.Chassis != a {
					t.Fatalf("%s is listed as of chassis %d", KeyOf(e), a)
				}
				owned++
			}
		}
		if _, endpoints, _ := v.Len(); owned != endpoints {
			t.Fatalf("chassis own %d of %d endpoints", owned, endpoints)
		}
	})
}

func TestNetworksSince(t *testing.T) {
	v, _ := new(View).Apply(
		PutNetwork(&linkspan.Network{ID: 1, Name: "a"}), PutNetwork(&linkspan.Network{ID: 2, Name: "b"}), PutNetwork(&linkspan.Network{ID: 3, Name: "c"}))
	w, _ := v.Apply(
		RemoveNetwork(1), PutNetwork(&linkspan.Network{ID: 2, Name: "other"}), PutNetwork(&linkspan.Network{ID: 3, Name: "c"}),
		PutNetwork(&linkspan.Network{ID: 4, Name: "d"}), PutEndpoint(endpoint(4, 2, 1, 11)))
	got := map[linkspan.NetworkID]string{}
	for id, n := range w.AllNetworks().Since(v.AllNetworks()) {
		got[id] = "gone"
		if n != nil {
			got[id] = n.Name
		}
	}
	if diff := cmp.Diff(map[linkspan.NetworkID]string{1: "gone", 2: "other", 4: "d"}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(maps.Collect(w.AllNetworks().Since(Networks{}))); n != 3 {
		t.Errorf("since the beginning there are %d", n)
	}
}

func TestNamesOfManyBearers(t *testing.T) {
	v := new(View)
	for last := byte(2); last < 12; last++ {
		e := endpoint(7, last, 1, uint32(last))
		e.Aliases = []string{"web"}
		v, _ = v.Apply(PutEndpoint(e))
	}
	for last := byte(2); last < 12; last++ { // the first one that came goes first
		bearers := map[byte]bool{}
		for e := range v.Named(7, "web") {
			bearers[e.Address.As4()[3]] = true
		}
		if want := int(12 - last); len(bearers) != want || !bearers[last] {
			t.Fatalf("%v bear the name, want %d", bearers, want)
		}
		v, _ = v.Apply(RemoveEndpoint(7, address(last)))
	}
	if v.names.Len() != 0 {
		t.Errorf("%d names are left", v.names.Len())
	}
}
