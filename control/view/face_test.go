// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

var (
	first6  = netip.MustParseAddr("fd00:7::2")
	second6 = netip.MustParseAddr("fd00:7::3")
)

func twoFaced(last byte, on linkspan.ChassisID, port uint32, a netip.Addr) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: 7, Address: netip.AddrFrom4([4]byte{10, 7, 0, last}), Address6: a, Chassis: on, Port: port,
		MAC: linkspan.MAC{2, 0, 10, 7, 0, last}, Container: "c",
	}
}

func leaseOf(a netip.Addr, on linkspan.ChassisID) *linkspan.Endpoint {
	return &linkspan.Endpoint{Network: 7, Address: a, Chassis: on}
}

// TestFaceNeedsTheReservation: an endpoint has a face while its chassis has the second
// address reserved, whichever comes first, and each change is told once.
func TestFaceNeedsTheReservation(t *testing.T) {
	key := Key{7, first6}
	v := new(View)
	step := func(what string, wantFace bool, changed int, changes ...Change) {
		t.Helper()
		var d Delta
		v, d = v.Apply(changes...)
		e := v.Endpoint(key)
		if face := e != nil && IsFace(e); face != wantFace {
			t.Errorf("%s: the face is there: %t", what, face)
		}
		got := 0
		for _, c := range d.Endpoints {
			if KeyOf(c.Any()) == key {
				got++
			}
		}
		if got != changed {
			t.Errorf("%s: %d changes of the address, want %d", what, got, changed)
		}
	}
	e := twoFaced(2, 1, 12, first6)
	named, moved := *e, *e
	named.Container, moved.Port = "d", 13
	step("the endpoint alone", false, 0, PutEndpoint(e))
	step("another chassis has the address", false, 1, PutEndpoint(leaseOf(first6, 2)))
	step("its chassis has it", true, 1, PutEndpoint(leaseOf(first6, 1)))
	step("another name", true, 1, PutEndpoint(&named))
	step("the same again", true, 0, PutEndpoint(&named))
	step("another port", true, 1, PutEndpoint(&moved))
	if face := v.Endpoint(key); face.Port != 13 || face.MAC != e.MAC || face.Address != first6 || face.Address6.IsValid() {
		t.Errorf("the face is %+v", face)
	}
	if networks, endpoints, _ := v.Len(); networks != 0 || endpoints != 1 || v.CountOwned(1) != 2 {
		t.Errorf("%d endpoints, of the chassis %d with its reservations", endpoints, v.CountOwned(1))
	}
	step("another takes its port", false, 1, PutEndpoint(twoFaced(9, 1, 13, netip.Addr{})))
	step("it is put again", true, 1, RemoveEndpoint(7, netip.MustParseAddr("10.7.0.9")), PutEndpoint(&moved))
	step("the endpoint goes", false, 1, RemoveEndpoint(7, e.Address))
	if v.Endpoint(key) == nil {
		t.Error("the reservation is gone with the endpoint")
	}
	step("the reservation goes", false, 1, RemoveEndpoint(7, first6))
}

// TestFacesAreThoseOfTheRecords: whatever was put and removed in whatever order, each
// second address shows what the records say, and each endpoint is found by all that
// lists endpoints.
func TestFacesAreThoseOfTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		leases := map[netip.Addr]*linkspan.Endpoint{}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			last := byte(rapid.IntRange(2, 3).Draw(t, "endpoint"))
			a := rapid.SampledFrom([]netip.Addr{first6, second6}).Draw(t, "second address")
			on := linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis"))
			var c Change
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				c = RemoveEndpoint(7, netip.AddrFrom4([4]byte{10, 7, 0, last}))
			case 1:
				c = RemoveEndpoint(7, a)
				delete(leases, a)
			case 2:
				if old := leases[a]; old == nil || old.Chassis != on { // an equal record leaves the earlier one
					leases[a] = leaseOf(a, on)
				}
				c = PutEndpoint(leases[a])
			case 3: // each port is one endpoint's
				c = PutEndpoint(twoFaced(last, on, uint32(last), a))
			}
			v, _ = v.Apply(c)
		}
		for _, a := range []netip.Addr{first6, second6} {
			want := leases[a]
			for e := range v.Endpoints() {
				if leases[a] != nil && e.Address6 == a && e.Chassis == leases[a].Chassis && (want == leases[a] || e.Address.Compare(want.Address) > 0) {
					want = e // of one time all, the greater address
				}
			}
			switch e := v.Endpoint(Key{7, a}); {
			case want == nil || want == leases[a]:
				if e != want {
					t.Fatalf("%s is %+v, not %+v", a, e, want)
				}
			case e == nil || !IsFace(e) || e.Port != want.Port || e.Chassis != want.Chassis:
				t.Fatalf("%s is %+v, not the face of %+v", a, e, want)
			}
		}
		consistent(t, v)
	})
}

// consistent compares the lists of endpoints with each other.
func consistent(t *rapid.T, v *View) {
	attached, faces := 0, 0
	for e := range v.Endpoints() {
		if e.Attached() {
			attached++
		}
		if IsFace(e) {
			faces++
			if owner := v.at(e.Chassis, e.Port); owner == nil || owner.Address6 != e.Address {
				t.Fatalf("nobody has the face %s", KeyOf(e))
			}
		}
		if v.Endpoint(KeyOf(e)) != e {
			t.Fatalf("%s is not found", KeyOf(e))
		}
	}
	listed, named := 0, 0
	for on := linkspan.ChassisID(1); on <= 2; on++ {
		for range v.Attached(on) {
			listed++
		}
		if v.Member(7, on) != (count(v, on) > 0) {
			t.Fatalf("chassis %d is a member: %t", on, v.Member(7, on))
		}
	}
	for range v.Named(7, "c") {
		named++
	}
	if listed != attached || named != attached {
		t.Fatalf("%d are attached, %d of them faces; %d are listed, %d named", attached, faces, listed, named)
	}
}

func count(v *View, on linkspan.ChassisID) (n int) {
	for range v.Attached(on) {
		n++
	}
	return n
}
