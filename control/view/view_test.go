// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func address(last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 7, 0, last}) }

func endpoint(network linkspan.NetworkID, last byte, on linkspan.ChassisID, port uint32) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: network, Address: address(last), Chassis: on, Port: port,
		MAC: linkspan.MAC{2, 0, 0, 0, 0, last},
	}
}

func TestApplyKeepsTheOldView(t *testing.T) {
	var empty View
	e := endpoint(7, 2, 1, 11)
	v, d := empty.Apply(PutEndpoint(e))
	if empty.Endpoint(KeyOf(e)) != nil || v.Endpoint(KeyOf(e)) != e {
		t.Fatal("the old view changed, or the new one did not")
	}
	want := Delta{
		Endpoints: []Changed[linkspan.Endpoint]{{nil, e}},
		Presence:  []Presence{{7, 1, true}},
	}
	if diff := cmp.Diff(want, d, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Fatal(diff)
	}
}

func TestPuttingTheSameKeepsThePointer(t *testing.T) {
	e := endpoint(7, 2, 1, 11)
	n := &linkspan.Network{ID: 7, Name: "web", Labels: map[string]string{"a": "b"}}
	c := &linkspan.Chassis{ID: 1, Name: "h1"}
	v, _ := new(View).Apply(PutEndpoint(e), PutNetwork(n), PutChassis(c))
	e2, n2, c2 := *e, *n, *c
	n2.Labels = map[string]string{"a": "b"}
	w, d := v.Apply(PutEndpoint(&e2), PutNetwork(&n2), PutChassis(&c2))
	if !d.Empty() || w.Endpoint(KeyOf(e)) != e || w.Network(7) != n || w.Chassis(1) != c {
		t.Fatalf("equal records count as changed: %+v", d)
	}
}

func TestRemovingWhatIsNotThere(t *testing.T) {
	v, d := new(View).Apply(RemoveNetwork(1), RemoveChassis(1), RemoveEndpoint(1, address(1)), Change{})
	if !d.Empty() || v.Endpoint(Key{1, address(1)}) != nil {
		t.Fatalf("%+v", d)
	}
}

func TestMoveChangesPresence(t *testing.T) {
	v, _ := new(View).Apply(PutEndpoint(endpoint(7, 2, 1, 11)))
	v, d := v.Apply(PutEndpoint(endpoint(7, 2, 2, 12)))
	if !slices.Contains(d.Presence, Presence{7, 1, false}) || !slices.Contains(d.Presence, Presence{7, 2, true}) {
		t.Fatalf("presence: %+v", d.Presence)
	}
	if v.Member(7, 1) || !v.Member(7, 2) {
		t.Fatal("membership did not move")
	}
}

func TestNamed(t *testing.T) {
	a, b := endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 12)
	a.Container, a.Aliases = "C1", []string{"api", "c1"}
	b.Container, b.Aliases = "c2", []string{"API"}
	reserved := endpoint(7, 4, 1, 0)
	reserved.Container = "api"
	elsewhere := endpoint(8, 2, 1, 13)
	elsewhere.Container = "c1"
	v, _ := new(View).Apply(PutEndpoint(a), PutEndpoint(b), PutEndpoint(reserved), PutEndpoint(elsewhere))
	count := func(v *View, name string) int { return len(slices.Collect(v.Named(7, name))) }
	if count(v, "c1") != 1 || count(v, "Api") != 2 || count(v, "c3") != 0 {
		t.Errorf("c1 %d, api %d, c3 %d", count(v, "c1"), count(v, "Api"), count(v, "c3"))
	}
	renamed := *a
	renamed.Container, renamed.Aliases = "c3", nil
	w, _ := v.Apply(PutEndpoint(&renamed), RemoveEndpoint(7, b.Address))
	if count(w, "c1") != 0 || count(w, "api") != 0 || count(w, "c3") != 1 || count(v, "api") != 2 {
		t.Errorf("after a change: c1 %d, api %d, c3 %d, before it %d", count(w, "c1"), count(w, "api"), count(w, "c3"), count(v, "api"))
	}
	w, _ = w.Apply(RemoveEndpoint(7, a.Address))
	if w.names.Len() != 1 {
		t.Errorf("%d names are left of one endpoint", w.names.Len())
	}
}

// TestIndexesAgree applies random changes and compares every index of the View
// with what the endpoints say.
func TestIndexesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		for range rapid.IntRange(0, 60).Draw(t, "changes") {
			network := linkspan.NetworkID(rapid.IntRange(1, 3).Draw(t, "network"))
			last := byte(rapid.IntRange(1, 5).Draw(t, "address"))
			if rapid.Bool().Draw(t, "remove") {
				v, _ = v.Apply(RemoveEndpoint(network, address(last)))
				continue
			}
			on := linkspan.ChassisID(rapid.IntRange(1, 3).Draw(t, "chassis"))
			port := uint32(rapid.IntRange(0, 2).Draw(t, "port"))
			e := endpoint(network, last, on, port)
			if rapid.Bool().Draw(t, "overlaid") {
				e.Port, e.Driver, e.MAC = 0, linkspan.Overlay, linkspan.MAC{2}
			}
			v, _ = v.Apply(PutEndpoint(e))
		}
		agree(t, v)
	})
}

func agree(t *rapid.T, v *View) {
	type place struct {
		network linkspan.NetworkID
		chassis linkspan.ChassisID
	}
	want := map[place]int{}
	attached := 0
	for e := range v.Endpoints() {
		if e.Attached() {
			want[place{e.Network, e.Chassis}]++
			attached++
		}
	}
	for id := linkspan.ChassisID(1); id <= 3; id++ {
		for e := range v.Attached(id) {
			if v.Endpoint(KeyOf(e)) != e || e.Chassis != id {
				t.Fatalf("%s is listed on chassis %d", KeyOf(e), id)
			}
			attached--
		}
		for network := linkspan.NetworkID(1); network <= 3; network++ {
			there := want[place{network, id}] > 0
			if v.Member(network, id) != there ||
				slices.Contains(slices.Collect(v.Members(network)), id) != there ||
				slices.Contains(slices.Collect(v.Present(id)), network) != there {
				t.Fatalf("network %d on chassis %d: want %t", network, id, there)
			}
		}
	}
	if attached != 0 {
		t.Fatalf("%d attached endpoints are not listed", attached)
	}
	areOwned(t, v)
	atPort(t, v)
	inOverlays(t, v)
}

// areOwned checks that each endpoint, attached or not, is its chassis's once.
func areOwned(t *rapid.T, v *View) {
	_, left, _ := v.Len()
	for id := linkspan.ChassisID(1); id <= 3; id++ {
		n := 0
		for e := range v.Owned(id) {
			if v.Endpoint(KeyOf(e)) != e || e.Chassis != id {
				t.Fatalf("chassis %d owns %s", id, KeyOf(e))
			}
			n++
		}
		if v.CountOwned(id) != n {
			t.Fatalf("chassis %d owns %d endpoints, counted as %d", id, n, v.CountOwned(id))
		}
		left -= n
	}
	if left != 0 {
		t.Fatalf("%d endpoints are nobody's", left)
	}
	for id, all := range v.owned.All() {
		if all.empty() {
			t.Fatalf("chassis %d is listed and owns nothing", id)
		}
	}
}

// inOverlays checks that the endpoints of overlays, and no others, are in them.
func inOverlays(t *rapid.T, v *View) {
	for network := linkspan.NetworkID(1); network <= 3; network++ {
		on := make(map[linkspan.ChassisID]bool)
		n := 0
		for e := range v.Endpoints() {
			if e.Overlaid() && e.Network == network {
				on[e.Chassis] = true
				n++
			}
		}
		for e := range v.Overlaid(network).All() {
			if v.Endpoint(KeyOf(e)) != e || e.Network != network {
				t.Fatalf("%s is listed in overlay %d", KeyOf(e), network)
			}
			n--
		}
		if n != 0 {
			t.Fatalf("%d endpoints of overlay %d are not listed", n, network)
		}
		for id := linkspan.ChassisID(1); id <= 3; id++ {
			if v.InOverlay(network, id) != on[id] ||
				slices.Contains(slices.Collect(v.OverlayMembers(network)), id) != on[id] ||
				slices.Contains(slices.Collect(v.Overlays(id)), network) != on[id] {
				t.Fatalf("overlay %d on chassis %d: want %t", network, id, on[id])
			}
		}
	}
}

// atPort checks that each attached endpoint has its port alone.
func atPort(t *rapid.T, v *View) {
	ports := 0
	for e := range v.Endpoints() {
		if !e.Attached() {
			continue
		}
		ports++
		if holder := v.at(e.Chassis, e.Port); holder != e {
			t.Fatalf("%s is attached at port %d, where %v is", KeyOf(e), e.Port, holder)
		}
	}
	if taken := takenPorts(v); taken != ports {
		t.Fatalf("%d ports are taken by %d endpoints", taken, ports)
	}
}

func takenPorts(v *View) (n int) {
	for _, all := range v.owned.All() {
		n += all.attached.Len()
	}
	return n
}

func big(n int) *View {
	changes := make([]Change, 0, n)
	for i := range n {
		changes = append(changes, PutEndpoint(&linkspan.Endpoint{
			Network: 7, Chassis: linkspan.ChassisID(i%100 + 1), Port: uint32(i + 1), MAC: linkspan.MAC{2},
			Address: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}),
		}))
	}
	v, _ := new(View).Apply(changes...)
	return v
}

func BenchmarkEndpoint(b *testing.B) {
	v := big(10_000)
	key := Key{7, netip.AddrFrom4([4]byte{10, 0, 3, 9})}
	b.ReportAllocs()
	for b.Loop() {
		if v.Endpoint(key) == nil {
			b.Fatal("missing")
		}
	}
}

func BenchmarkApply(b *testing.B) {
	v := big(10_000)
	e := *v.Endpoint(Key{7, netip.AddrFrom4([4]byte{10, 0, 3, 9})})
	b.ReportAllocs()
	for b.Loop() {
		r := e
		r.Port++
		if _, d := v.Apply(PutEndpoint(&r)); d.Empty() {
			b.Fatal("nothing changed")
		}
	}
}
