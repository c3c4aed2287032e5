// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// joined is a network of one host as the fabric knows it.
func joined(id linkspan.NetworkID, on linkspan.ChassisID, local, subnet string) *linkspan.Network {
	n := linkspan.Network{
		ID: id, Name: fmt.Sprintf("h%d/%s", on, local), Driver: linkspan.Bridge, Chassis: on, Local: local, Subnet: netip.MustParsePrefix(subnet),
	}
	n.ApplyDefaults()
	return &n
}

func onBridge(on linkspan.ChassisID, id, local, address string, port uint32) *linkspan.LocalEndpoint {
	e := localEndpoint(on, id, local, "c"+id)
	e.Address, e.Port = netip.MustParseAddr(address), port
	return e
}

func bearersOn(v *View, on linkspan.ChassisID) (found []string) {
	for e := range v.Attached(on) {
		found = append(found, fmt.Sprintf("%d/%s:%d", e.Network, e.Address, e.Port))
	}
	slices.Sort(found)
	return found
}

// TestBridgedEndpointsFollowTheirHost: they are endpoints of the fabric as long as their
// network is joined, whatever came first.
func TestBridgedEndpointsFollowTheirHost(t *testing.T) {
	n := joined(5, 1, "back", "172.18.0.0/16")
	one, two := onBridge(1, "one", "back", "172.18.0.2", 65000), onBridge(1, "two", "back", "172.18.0.3", 64999)
	other := onBridge(2, "one", "back", "172.18.0.2", 65000) // another host has the same
	v, _ := new(View).Apply(PutLocalEndpoint(one), PutLocalEndpoint(other))
	if got := bearersOn(v, 1); len(got) != 0 {
		t.Errorf("not joined, and %q", got)
	}
	v, d := v.Apply(PutNetwork(n))
	if got := bearersOn(v, 1); !slices.Equal(got, []string{"5/172.18.0.2:65000"}) || len(d.Endpoints) != 1 || !v.Member(5, 1) || !v.AnyBridged() {
		t.Errorf("joined: %q, %+v", got, d)
	}
	e := v.Endpoint(Key{5, one.Address})
	if e == nil || e.MAC != linkspan.BridgeMAC() || e.Out() != linkspan.BridgePort || e.Container != "cone" || !e.Attached() {
		t.Errorf("the endpoint is %+v", e)
	}
	moved := *one
	moved.Address = netip.MustParseAddr("172.18.0.9")
	later, _ := v.Apply(PutLocalEndpoint(two), PutLocalEndpoint(&moved))
	if got := bearersOn(later, 1); !slices.Equal(got, []string{"5/172.18.0.3:64999", "5/172.18.0.9:65000"}) {
		t.Errorf("changed: %q", got)
	}
	gone, _ := later.Apply(RemoveLocalEndpoint(1, "two"))
	if got := bearersOn(gone, 1); !slices.Equal(got, []string{"5/172.18.0.9:65000"}) {
		t.Errorf("one went: %q", got)
	}
	parted, _ := gone.Apply(RemoveNetwork(5))
	if got := bearersOn(parted, 1); len(got) != 0 || parted.AnyBridged() || len(slices.Collect(parted.Bridged(1))) != 0 {
		t.Errorf("parted: %q", got)
	}
	if got := bearersOn(v, 2); len(got) != 0 {
		t.Errorf("another host's: %q", got)
	}
}

// TestBridgedInAnyOrder: changes in whatever order leave what the last records say.
func TestBridgedInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		ports := map[string]uint32{"one": 101, "two": 102, "three": 103}
		networks := map[string]*linkspan.Network{}
		endpoints := map[string]*linkspan.LocalEndpoint{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			local := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "network")
			id := rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "endpoint")
			number := linkspan.NetworkID(1 + local[0] - 'a')
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				networks[local] = joined(number, 1, local, fmt.Sprintf("10.%d.0.0/24", number))
				v, _ = v.Apply(PutNetwork(networks[local]))
			case 1:
				delete(networks, local)
				v, _ = v.Apply(RemoveNetwork(number))
			case 2:
				last := rapid.IntRange(2, 3).Draw(t, "address") + int(ports[id]%100)*10
				endpoints[id] = onBridge(1, id, local, fmt.Sprintf("10.%d.0.%d", number, last), ports[id])
				v, _ = v.Apply(PutLocalEndpoint(endpoints[id]))
			default:
				delete(endpoints, id)
				v, _ = v.Apply(RemoveLocalEndpoint(1, id))
			}
		}
		var want []string
		for _, e := range endpoints {
			if n := networks[e.Network]; n != nil {
				want = append(want, fmt.Sprintf("%d/%s:%d", n.ID, e.Address, e.Port))
			}
		}
		slices.Sort(want)
		if got := bearersOn(v, 1); !slices.Equal(got, want) {
			t.Fatalf("there are %q, want %q", got, want)
		}
		if got := len(slices.Collect(v.Bridged(1))); got != len(networks) || v.AnyBridged() != (got > 0) {
			t.Fatalf("%d joined, want %v", got, slices.Collect(maps.Keys(networks)))
		}
	})
}

// TestReach: what a group, a link or a policy may let a network's endpoints talk with,
// and nothing else.
func TestReach(t *testing.T) {
	n := joined(5, 1, "back", "172.18.0.0/16")
	hot := func(id linkspan.NetworkID, name, subnet string) *linkspan.Network {
		return &linkspan.Network{ID: id, Name: name, Subnet: netip.MustParsePrefix(subnet)}
	}
	base, _ := new(View).Apply(
		PutNetwork(n), PutNetwork(hot(6, "web", "10.6.0.0/24")), PutNetwork(hot(7, "db", "10.7.0.0/24")), PutNetwork(hot(8, "same", "172.18.7.0/24")),
		PutLocalEndpoint(onBridge(1, "one", "back", "172.18.0.2", 65000)),
		PutEndpoint(&linkspan.Endpoint{Network: 7, Address: netip.MustParseAddr("10.7.0.2"), Chassis: 2, Port: 100, Container: "d"}),
	)
	link := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "cone"}, linkspan.LinkEnd{Chassis: 2, Container: "d"}, linkspan.LinkAllow)
	denied := linkspan.LinkOf(link.A, link.B, linkspan.LinkDeny)
	policy := func(action linkspan.PolicyAction, from, to string) Change {
		return PutPolicy(&linkspan.Policy{
			ID: 1, Name: "p", Action: action, From: []linkspan.Selector{{Network: from}}, To: []linkspan.Selector{{Network: to}},
		})
	}
	for name, c := range map[string]struct {
		change Change
		want   []string
	}{
		"nothing":            {},
		"a group":            {PutGroup(&linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{5, 6}}), []string{"10.6.0.0/24"}},
		"a group of others":  {change: PutGroup(&linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{6, 7}})},
		"overlapping":        {change: PutGroup(&linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{5, 8}})},
		"a link":             {PutLink(&link), []string{"10.7.0.0/24"}},
		"a link that denies": {change: PutLink(&denied)},
		"a policy":           {policy(linkspan.PolicyAllow, "h1/back", "web"), []string{"10.6.0.0/24"}},
		"of others":          {change: policy(linkspan.PolicyAllow, "db", "web")},
		"that denies":        {change: policy(linkspan.PolicyDeny, "h1/back", "web")},
		"of anybody to it":   {PutPolicy(&linkspan.Policy{ID: 1, Name: "p", Action: linkspan.PolicyAllow, To: []linkspan.Selector{{Network: "h1/back"}}}), []string{"10.6.0.0/24", "10.7.0.0/24"}},
	} {
		v, _ := base.Apply(c.change)
		var got []string
		for _, p := range v.Reach(n) {
			got = append(got, p.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: leads to %q, want %q", name, got, c.want)
		}
	}
}
