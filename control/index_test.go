// SPDX-License-Identifier: Apache-2.0

package control

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

func at(i int, on linkspan.ChassisID) *linkspan.Endpoint {
	return &linkspan.Endpoint{Network: 7, Address: address(i), Chassis: on}
}

func TestIndexGivesWhoDependsOnce(t *testing.T) {
	x := newIndex()
	a, b, c := at(1, 1), at(2, 2), at(3, 3)
	x.route(a, b)
	x.route(c, a)
	x.route(a, c)
	x.denial([]decide.Read{{Key: view.KeyOf(a)}}, place{on: 9, network: 5})
	got := x.take(view.KeyOf(a))
	slices.SortFunc(got, place.compare)
	if want := []place{placeOf(b), placeOf(c), {9, 5}}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if again := x.take(view.KeyOf(a)); len(again) != 0 {
		t.Fatalf("still there: %v", again)
	}
	if got := x.take(view.KeyOf(b)); !slices.Equal(got, []place{placeOf(a)}) {
		t.Fatalf("the other end: %v", got)
	}
}

// TestDenialsFade: addresses that nobody has do not fill the index for ever,
// but stay as long as their flows may.
func TestDenialsFade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newIndex()
		key := view.KeyOf(at(1, 1))
		deny := func(i int) { x.denial([]decide.Read{{Key: view.KeyOf(at(i, 1))}}, place{on: 1}) }
		size := func() (n int) {
			for i := range x.shard {
				n += len(x.shard[i].denials) + len(x.shard[i].fadingDenials)
			}
			return n
		}
		deny(1)
		for i := range 1000 {
			deny(2 + i)
		}
		time.Sleep(fading)
		for i := range 1000 {
			deny(2 + i)
		}
		if got := x.take(key); len(got) != 1 {
			t.Fatalf("gone after %s: %v", fading, got)
		}
		for range 4 {
			time.Sleep(fading + time.Second)
			for i := range 1000 {
				deny(5000 + i)
			}
		}
		if n := size(); n > 2000 {
			t.Fatalf("%d entries", n)
		}
	})
}

// TestDenialsOfAChassisAreBounded: those of the others are taken all the same,
// and what fades or is taken out makes room.
func TestDenialsOfAChassisAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newIndex()
		deny := func(i int, on linkspan.ChassisID) bool {
			key := view.KeyOf(at(i, 1)) // of an address that repeats after maxDenials
			key.Network += linkspan.NetworkID(i / maxDenials)
			return x.denial([]decide.Read{{Key: key}}, place{on: on})
		}
		for i := range maxDenials {
			if !deny(i, 1) {
				t.Fatalf("number %d is refused", i)
			}
		}
		const another, third = maxDenials, maxDenials + 1
		if deny(another, 1) || !deny(5, 1) || !deny(another, 2) {
			t.Error("a new one of that chassis, and no other, is to be refused")
		}
		if got := x.take(view.KeyOf(at(5, 1))); len(got) != 1 || !deny(another, 1) || deny(third, 1) {
			t.Error("what is taken out makes room for one")
		}
		for range 2 {
			time.Sleep(fading + time.Second)
			for i := range 1000 {
				deny(i, 2) // on all shards
			}
		}
		if !deny(third, 1) || x.held[1] != 1 {
			t.Errorf("%d are held after all faded", x.held[1])
		}
	})
}
