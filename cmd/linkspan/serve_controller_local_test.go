// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
)

// TestAViewIsReplaced has the store tell all anew after an outage: what it does
// not tell any more is gone, also of single hosts.
func TestAViewIsReplaced(t *testing.T) {
	network := func(on linkspan.ChassisID, id string) store.Change {
		return store.Change{LocalNetwork: &linkspan.LocalNetwork{Chassis: on, ID: id, Name: id}}
	}
	endpoint := func(on linkspan.ChassisID, id string) store.Change {
		return store.Change{LocalEndpoint: &linkspan.LocalEndpoint{Chassis: on, ID: id, Network: "a"}}
	}
	first := []store.Change{network(1, "a"), network(2, "a"), endpoint(1, "x"), endpoint(1, "y"), endpoint(2, "x")}
	v, _ := new(view.View).Apply(replacing(new(view.View), first)...)
	later := []store.Change{network(1, "a"), network(1, "b"), endpoint(1, "y")}
	v, _ = v.Apply(replacing(v, later)...)
	if v.LocalNetwork(1, "a") == nil || v.LocalNetwork(1, "b") == nil || v.LocalEndpoint(1, "y") == nil {
		t.Error("what is there is gone")
	}
	if v.LocalNetwork(2, "a") != nil || v.LocalEndpoint(1, "x") != nil || v.LocalEndpoint(2, "x") != nil {
		t.Error("what is gone is there")
	}
	gone := network(1, "b")
	gone.Removed = true
	left := endpoint(1, "y")
	left.Removed = true
	v, _ = v.Apply(viewChanges([]store.Change{gone, left})...)
	if networks, endpoints, _ := v.LocalUse(1); networks != 1 || endpoints != 0 {
		t.Errorf("%d networks and %d endpoints are left", networks, endpoints)
	}
}

// TestAJoinedBridgeOutlivesASnapshot: its endpoints are of the View's making, and in no
// snapshot.
func TestAJoinedBridgeOutlivesASnapshot(t *testing.T) {
	subnet := netip.MustParsePrefix("172.18.0.0/16")
	local := &linkspan.LocalNetwork{Chassis: 1, ID: "a", Name: "yard", Driver: linkspan.BridgeDriver, Subnets: []linkspan.LocalSubnet{{Subnet: subnet}}}
	joined, err := linkspan.Bridged(local, "h1")
	if err != nil {
		t.Fatal(err)
	}
	joined.ID = 7
	all := []store.Change{
		{Chassis: &linkspan.Chassis{ID: 1, Name: "h1"}}, {LocalNetwork: local}, {Network: &joined},
		{LocalEndpoint: &linkspan.LocalEndpoint{Chassis: 1, ID: "x", Network: "a", Container: "c1", Address: netip.MustParseAddr("172.18.0.2"), Port: linkspan.MaxPort}},
	}
	v, _ := new(view.View).Apply(replacing(new(view.View), all)...)
	for range 2 {
		if e := v.Endpoint(view.Key{Network: 7, Address: netip.MustParseAddr("172.18.0.2")}); e == nil || !e.Attached() {
			t.Fatalf("there is %+v", e)
		}
		v, _ = v.Apply(replacing(v, all)...)
	}
}
