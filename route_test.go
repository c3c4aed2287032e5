// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func anyAddr() *rapid.Generator[netip.Addr] {
	return rapid.Custom(func(t *rapid.T) netip.Addr {
		b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "bytes")
		if rapid.Bool().Draw(t, "IPv6") {
			b = append(b, rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "more")...)
		}
		a, _ := netip.AddrFromSlice(b)
		return a
	})
}

func TestRouteIDIsTheSameFromBothEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		network := linkspan.NetworkID(rapid.Uint32Range(1, uint32(linkspan.MaxNetworkID)).Draw(t, "network"))
		a, b := anyAddr().Draw(t, "a"), anyAddr().Draw(t, "b")
		id := linkspan.RouteIDOf(network, a, b)
		if id != linkspan.RouteIDOf(network, b, a) {
			t.Fatal("the order of the ends matters")
		}
		if id>>40 != 0 || len(id.String()) != 10 {
			t.Fatalf("%x is not 40 bits, %s", uint64(id), id)
		}
	})
}

// Ids are names for people: neighbours, which are what people look at together,
// must not share them.
func TestRouteIDsOfNeighboursDiffer(t *testing.T) {
	type end struct {
		network linkspan.NetworkID
		a, b    netip.Addr
	}
	seen := make(map[linkspan.RouteID]end)
	for network := range linkspan.NetworkID(3) {
		for i := range byte(100) {
			for j := range i {
				e := end{network + 1, netip.AddrFrom4([4]byte{10, 7, 0, i}), netip.AddrFrom4([4]byte{10, 7, 0, j})}
				id := linkspan.RouteIDOf(e.network, e.a, e.b)
				if old, taken := seen[id]; taken {
					t.Fatalf("%+v and %+v are both %s", old, e, id)
				}
				seen[id] = e
			}
		}
	}
}

func TestTrafficCountsEachDirectionOnce(t *testing.T) {
	a, b := netip.MustParseAddr("10.7.0.2"), netip.MustParseAddr("10.7.0.3")
	r := linkspan.Route{Flows: []linkspan.RouteFlow{
		{Chassis: 1, From: a, To: b, Packets: 10, Bytes: 1000},
		{Chassis: 2, From: a, To: b, Packets: 9, Bytes: 900}, // one is on its way
		{Chassis: 2, From: b, To: a, Packets: 5, Bytes: 500},
		{Chassis: 1, From: b, To: a},
	}}
	if packets, bytes := r.Traffic(); packets != 15 || bytes != 1500 {
		t.Errorf("got %d packets, %d bytes", packets, bytes)
	}
	if packets, bytes := new(linkspan.Route).Traffic(); packets != 0 || bytes != 0 {
		t.Errorf("of nothing: got %d packets, %d bytes", packets, bytes)
	}
}
