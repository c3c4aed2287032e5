// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func localNetwork(on linkspan.ChassisID, id, name string) *linkspan.LocalNetwork {
	return &linkspan.LocalNetwork{Chassis: on, ID: id, Name: name, Driver: "bridge"}
}

func localEndpoint(on linkspan.ChassisID, id, network, container string) *linkspan.LocalEndpoint {
	return &linkspan.LocalEndpoint{Chassis: on, ID: id, Network: network, Container: container}
}

func TestLocalNetworksAreOfTheirChassis(t *testing.T) {
	n, other := localNetwork(1, "n", "back"), localNetwork(2, "n", "back")
	e := localEndpoint(1, "e", "n", "c1")
	v, d := new(View).Apply(PutLocalNetwork(n), PutLocalNetwork(other), PutLocalEndpoint(e))
	if len(d.LocalNetworks) != 2 || len(d.LocalEndpoints) != 1 || d.Empty() {
		t.Errorf("the delta is %+v", d)
	}
	if v.LocalNetwork(1, "n") != n || v.LocalNetwork(2, "n") != other || v.LocalNetwork(3, "n") != nil || v.LocalEndpoint(1, "e") != e || v.LocalEndpoint(2, "e") != nil {
		t.Error("they are not found where they are")
	}
	if same, d := v.Apply(PutLocalNetwork(localNetwork(1, "n", "back"))); !d.Empty() || same.LocalNetwork(1, "n") != n {
		t.Error("the same record again is a change")
	}
	if networks, endpoints, size := v.LocalUse(1); networks != 1 || endpoints != 1 || size != n.Size()+e.Size() {
		t.Errorf("use of 1: %d, %d, %d", networks, endpoints, size)
	}
	later, _ := v.Apply(RemoveLocalEndpoint(1, "e"), RemoveLocalNetwork(1, "n"), RemoveLocalNetwork(9, "n"))
	for id := range later.LocalHosts() {
		if id != 2 {
			t.Errorf("chassis %d has networks still", id)
		}
	}
	if v.LocalEndpoint(1, "e") != e {
		t.Error("an earlier View was changed")
	}
	if networks, endpoints, chassis := v.Len(); networks+endpoints+chassis != 0 {
		t.Error("they count as the fabric's")
	}
}

// TestLocalsAgainstMaps does what a View does with plain maps too.
func TestLocalsAgainstMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, d := new(View), Delta{}
		networks, endpoints := make(map[string]*linkspan.LocalNetwork), make(map[string]*linkspan.LocalEndpoint)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			on := rapid.SampledFrom([]linkspan.ChassisID{1, 2}).Draw(t, "chassis")
			id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id")
			network := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "network")
			key := fmt.Sprintf("%d/%s", on, id)
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				networks[key] = localNetwork(on, id, network)
				v, d = v.Apply(PutLocalNetwork(networks[key]))
			case 1:
				delete(networks, key)
				v, d = v.Apply(RemoveLocalNetwork(on, id))
			case 2:
				endpoints[key] = localEndpoint(on, id, network, rapid.StringN(0, 4, 4).Draw(t, "container"))
				v, d = v.Apply(PutLocalEndpoint(endpoints[key]))
			case 3:
				delete(endpoints, key)
				v, d = v.Apply(RemoveLocalEndpoint(on, id))
			}
			if n := len(d.LocalNetworks) + len(d.LocalEndpoints); n > 1 {
				t.Fatalf("one change made %d", n)
			}
		}
		localsAgree(t, v, networks, endpoints)
	})
}

func localsAgree(t *rapid.T, v *View, networks map[string]*linkspan.LocalNetwork, endpoints map[string]*linkspan.LocalEndpoint) {
	seenNetworks, seenEndpoints, seenMembers := make(map[string]string), make(map[string]string), make(map[string]string)
	for on := range v.LocalHosts() {
		size := 0
		for n := range v.LocalNetworks(on) {
			seenNetworks[fmt.Sprintf("%d/%s", on, n.ID)] = n.Name
			size += n.Size()
		}
		for e := range v.LocalEndpoints(on) {
			seenEndpoints[fmt.Sprintf("%d/%s", on, e.ID)] = e.Network + e.Container
			size += e.Size()
		}
		for _, network := range []string{"a", "b"} {
			for e := range v.LocalMembers(on, network) {
				seenMembers[fmt.Sprintf("%d/%s", on, e.ID)] = network + e.Container
			}
		}
		if _, _, used := v.LocalUse(on); used != size {
			t.Errorf("chassis %d uses %d bytes, counted %d", on, size, used)
		}
	}
	wantNetworks, wantEndpoints := make(map[string]string), make(map[string]string)
	for key, n := range networks {
		wantNetworks[key] = n.Name
	}
	for key, e := range endpoints {
		wantEndpoints[key] = e.Network + e.Container
	}
	if !maps.Equal(wantNetworks, seenNetworks) || !maps.Equal(wantEndpoints, seenEndpoints) || !maps.Equal(wantEndpoints, seenMembers) {
		t.Errorf("want %v and %v, got %v, %v and members %v", wantNetworks, wantEndpoints, seenNetworks, seenEndpoints, seenMembers)
	}
}
