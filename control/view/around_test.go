// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// TestAround: the widest aligned prefix that no cut of its family lies in, found by trying
// all.
func TestAround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v View
		var cuts []netip.Prefix
		few := func(name string) netip.Addr { // so that they meet
			a := rapid.Uint32Range(0, 15).Draw(t, name)
			if rapid.Bool().Draw(t, name+" of IPv6") {
				return netip.AddrFrom16([16]byte{0: byte(0x20 + a>>3), 7: byte(a << 5), 15: byte(a << 5)})
			}
			return netip.AddrFrom4([4]byte{byte(10 + a>>3), 0, 0, byte(a << 5)})
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "cuts") {
			a := few("cut")
			p := netip.PrefixFrom(a, rapid.IntRange(1, a.BitLen()).Draw(t, "bits")).Masked()
			put := PutNetwork(&linkspan.Network{ID: linkspan.NetworkID(i + 1), Subnet: p})
			if a.Is6() {
				put = PutNetwork(&linkspan.Network{ID: linkspan.NetworkID(i + 1), Subnet: netip.MustParsePrefix("0.0.0.0/0"), Subnet6: p})
			}
			if rapid.Bool().Draw(t, "policy") {
				put = PutPolicy(&linkspan.Policy{ID: linkspan.PolicyID(i + 1), To: []linkspan.Selector{{CIDR: p}}})
			}
			next, _ := v.Apply(put)
			v = *next
			cuts = append(cuts, p)
		}
		a := few("address")
		got := v.Around(a)
		if !got.Contains(a) {
			t.Fatalf("%s is not around %s", got, a)
		}
		divided := func(p netip.Prefix) bool {
			for _, c := range cuts {
				if c.Bits() > p.Bits() && p.Contains(c.Addr()) {
					return true
				}
			}
			return false
		}
		if divided(got) {
			t.Fatalf("%s is cut by one of %s", got, cuts)
		}
		if got.Bits() > 0 {
			if wider, _ := a.Prefix(got.Bits() - 1); !divided(wider) {
				t.Fatalf("%s is not the widest: %s is not cut by any of %s", got, wider, cuts)
			}
		}
	})
}

// TestAroundForgets: what goes cuts no more, and what is there twice goes with its last.
func TestAroundForgets(t *testing.T) {
	subnet, cidr := netip.MustParsePrefix("10.7.0.0/24"), netip.MustParsePrefix("192.0.2.0/24")
	overlay := &linkspan.Network{ID: 3, Subnet: netip.MustParsePrefix("8.0.0.0/24"), Driver: linkspan.Overlay}
	policy := func(id linkspan.PolicyID) Change {
		return PutPolicy(&linkspan.Policy{ID: id, Name: "p", From: []linkspan.Selector{{CIDR: cidr}}})
	}
	v, _ := new(View).Apply(
		PutNetwork(&linkspan.Network{ID: 1, Subnet: subnet}), PutNetwork(&linkspan.Network{ID: 2, Subnet: subnet}),
		PutNetwork(overlay), policy(1), policy(2),
	)
	outside, near := netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("192.0.3.1")
	want := func(a netip.Addr, prefix string) {
		t.Helper()
		if got := v.Around(a).String(); got != prefix {
			t.Fatalf("around %s is %s, want %s", a, got, prefix)
		}
	}
	want(outside, "8.0.0.0/7")
	want(near, "192.0.3.0/24")
	v, _ = v.Apply(RemoveNetwork(1), RemovePolicy(1))
	want(outside, "8.0.0.0/7")
	want(near, "192.0.3.0/24")
	v, _ = v.Apply(RemoveNetwork(2), RemovePolicy(2))
	want(outside, "0.0.0.0/0")
	if v.cuts != (cuts{}) {
		t.Fatal("something is left in the tree")
	}
}
