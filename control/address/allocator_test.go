// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/address"
	"github.com/linkspan/linkspan/store"
)

func network(id linkspan.NetworkID, subnet, gateway, within string) *linkspan.Network {
	n := &linkspan.Network{ID: id, Name: fmt.Sprint("n", id), Subnet: netip.MustParsePrefix(subnet)}
	if gateway != "" {
		n.Gateway = netip.MustParseAddr(gateway)
	}
	if within != "" {
		n.Range = netip.MustParsePrefix(within)
	}
	n.ApplyDefaults()
	return n
}

func withAux(n *linkspan.Network, addr string) *linkspan.Network {
	n.Aux = map[string]netip.Addr{"nas": netip.MustParseAddr(addr)}
	return n
}

func endpoint(network linkspan.NetworkID, addr string) *linkspan.Endpoint {
	return &linkspan.Endpoint{Network: network, Address: netip.MustParseAddr(addr), Chassis: 1}
}

// all returns everything that a network still leases, in order.
func all(t *testing.T, a *address.Allocator, id linkspan.NetworkID) []string {
	t.Helper()
	var got []string
	for range 300 {
		addr, err := a.Propose(id)
		if linkspan.CodeOf(err) == linkspan.Exhausted && err != nil {
			if linkspan.HintOf(err) == "" {
				t.Error("what to do about it is not said")
			}
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, addr.String())
	}
	t.Fatal("there is no end")
	return nil
}

func TestProposals(t *testing.T) {
	for what, c := range map[string]struct {
		network *linkspan.Network
		taken   []string
		want    []string
	}{
		"not the network, gateway or broadcast": {
			network(1, "10.7.0.0/29", "", ""), nil, []string{"10.7.0.2", "10.7.0.3", "10.7.0.4", "10.7.0.5", "10.7.0.6"},
		},
		"not a gateway elsewhere": {
			network(1, "10.7.0.0/29", "10.7.0.4", ""), nil, []string{"10.7.0.1", "10.7.0.2", "10.7.0.3", "10.7.0.5", "10.7.0.6"},
		},
		"not what is taken": {
			network(1, "10.7.0.0/29", "", ""), []string{"10.7.0.3", "10.7.0.6"}, []string{"10.7.0.2", "10.7.0.4", "10.7.0.5"},
		},
		"only of the range, all of it": {
			network(1, "10.7.0.0/24", "", "10.7.0.64/30"), nil, []string{"10.7.0.64", "10.7.0.65", "10.7.0.66", "10.7.0.67"},
		},
		"the range holds the gateway": {
			network(1, "10.7.0.0/24", "10.7.0.66", "10.7.0.64/30"), nil, []string{"10.7.0.64", "10.7.0.65", "10.7.0.67"},
		},
		"the range begins with the network": {
			network(1, "10.7.0.0/24", "", "10.7.0.0/30"), nil, []string{"10.7.0.2", "10.7.0.3"},
		},
		"the range ends with the broadcast": {
			network(1, "10.7.0.0/24", "", "10.7.0.252/30"), nil, []string{"10.7.0.252", "10.7.0.253", "10.7.0.254"},
		},
		"the range is the subnet": {
			network(1, "10.7.0.0/30", "", "10.7.0.0/30"), nil, []string{"10.7.0.2"},
		},
		"taken outside of the range": {
			network(1, "10.7.0.0/24", "", "10.7.0.64/31"), []string{"10.7.0.9"}, []string{"10.7.0.64", "10.7.0.65"},
		},
		"not an auxiliary one": {
			withAux(network(1, "10.7.0.0/29", "", ""), "10.7.0.3"), nil, []string{"10.7.0.2", "10.7.0.4", "10.7.0.5", "10.7.0.6"},
		},
		"nothing is left": {network(1, "10.7.0.0/30", "", ""), []string{"10.7.0.2"}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			var a address.Allocator
			var changes []store.Change
			for _, addr := range c.taken { // before their network, as no order is promised
				changes = append(changes, store.Change{Endpoint: endpoint(1, addr)})
			}
			a.Replace(append(changes, store.Change{Network: c.network}))
			if diff := cmp.Diff(c.want, all(t, &a, 1)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownNetwork(t *testing.T) {
	var a address.Allocator
	_, err := a.Propose(1)
	if err == nil || linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v, want code not_found", err)
	}
	a.Withdraw(1, netip.MustParseAddr("10.7.0.2")) // of nothing: no matter
	a.Apply([]store.Change{{Endpoint: endpoint(1, "10.7.0.2")}, {Chassis: &linkspan.Chassis{ID: 1}}})
	if _, err := a.Propose(1); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v, want code not_found", err)
	}
}

func TestRecordThatNoPoolCanBeMadeOf(t *testing.T) {
	var a address.Allocator
	a.Replace([]store.Change{
		{Network: &linkspan.Network{ID: 1, Subnet: netip.MustParsePrefix("fd00::/64")}}, {Endpoint: endpoint(1, "fd00::2")},
	})
	if _, err := a.Propose(1); err == nil {
		t.Error("it leases")
	}
	a.Apply([]store.Change{{Removed: true, Endpoint: endpoint(1, "fd00::2")}, {Removed: true, Network: &linkspan.Network{ID: 1}}})
}

// TestEachFamilyHasItsPool: addresses of IPv6 are proposed beside those of IPv4, never
// a gateway's or one that is reserved.
func TestEachFamilyHasItsPool(t *testing.T) {
	n := &linkspan.Network{
		ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"),
		Subnet6: netip.MustParsePrefix("fd00:7::/64"), Aux: map[string]netip.Addr{"nas": netip.MustParseAddr("fd00:7::3")},
	}
	n.ApplyDefaults()
	var a address.Allocator
	a.Replace([]store.Change{{Endpoint: endpoint(1, "fd00:7::2")}, {Network: n}})
	for propose, want := range map[string]struct {
		f    func(linkspan.NetworkID) (netip.Addr, error)
		want string
	}{"IPv4": {a.Propose, "10.7.0.2"}, "IPv6": {a.ProposeIPv6, "fd00:7::4"}} {
		got, err := want.f(1)
		if err != nil || got.String() != want.want {
			t.Errorf("%s: got %v, %v, want %s", propose, got, err, want.want)
		}
		a.Withdraw(1, got)
	}
	a.Apply([]store.Change{{Removed: true, Network: n}})
	if got, err := a.ProposeIPv6(1); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v, %v of a network that is gone", got, err)
	}
	single := &linkspan.Network{ID: 2, Name: "log", Subnet: netip.MustParsePrefix("10.8.0.0/24")}
	single.ApplyDefaults()
	a.Apply([]store.Change{{Network: single}})
	if got, err := a.ProposeIPv6(2); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v, %v of a network without IPv6", got, err)
	}
}

func TestApply(t *testing.T) {
	var a address.Allocator
	a.Apply([]store.Change{{Network: network(1, "10.7.0.0/29", "", "")}, {Endpoint: endpoint(1, "10.7.0.2")}})
	first, err := a.Propose(1)
	if err != nil || first.String() != "10.7.0.3" {
		t.Fatalf("got %s, %v", first, err)
	}
	// The network is written again, as when its removal begins and is undone:
	// what was proposed meanwhile stays taken.
	a.Apply([]store.Change{{Network: network(1, "10.7.0.0/29", "", "")}})
	a.Apply([]store.Change{{Removed: true, Endpoint: endpoint(1, "10.7.0.2")}})
	if diff := cmp.Diff([]string{"10.7.0.4", "10.7.0.5", "10.7.0.6", "10.7.0.2"}, all(t, &a, 1)); diff != "" {
		t.Errorf("what was freed rests as long as possible, and what was proposed stays taken:\n%s", diff)
	}
	a.Withdraw(1, first)
	if diff := cmp.Diff([]string{"10.7.0.3"}, all(t, &a, 1)); diff != "" {
		t.Errorf("what was withdrawn is free again:\n%s", diff)
	}
	a.Apply([]store.Change{{Removed: true, Network: &linkspan.Network{ID: 1}}})
	if _, err := a.Propose(1); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a removed network: got %v, want code not_found", err)
	}
}

func TestReplaceForgets(t *testing.T) {
	var a address.Allocator
	a.Replace([]store.Change{{Network: network(1, "10.7.0.0/30", "", "")}, {Network: network(2, "10.8.0.0/30", "", "")}})
	all(t, &a, 1)
	a.Replace([]store.Change{{Network: network(1, "10.7.0.0/30", "", "")}})
	if diff := cmp.Diff([]string{"10.7.0.2"}, all(t, &a, 1)); diff != "" {
		t.Error(diff)
	}
	if _, err := a.Propose(2); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v, want code not_found", err)
	}
}
