// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

// TestOverlapsAgree compares the counts, and what a Delta tells of them, with
// what the networks say.
func TestOverlapsAgree(t *testing.T) {
	subnets := []string{"10.0.0.0/8", "10.7.0.0/16", "10.7.0.0/24", "10.7.1.0/24", "10.8.0.0/16", "192.168.0.0/24"}
	rapid.Check(t, func(t *rapid.T) {
		v := new(View)
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			var changes []Change
			for range rapid.IntRange(1, 3).Draw(t, "at once") {
				id := linkspan.NetworkID(rapid.IntRange(1, 5).Draw(t, "network"))
				if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
					changes = append(changes, RemoveNetwork(id))
					continue
				}
				subnet := netip.MustParsePrefix(rapid.SampledFrom(subnets).Draw(t, "subnet"))
				changes = append(changes, PutNetwork(&linkspan.Network{ID: id, Subnet: subnet}))
			}
			next, d := v.Apply(changes...)
			for id := linkspan.NetworkID(1); id <= 5; id++ {
				if next.Overlaps(id) != overlapping(next, id) {
					t.Fatalf("network %s: overlaps is %t", id, next.Overlaps(id))
				}
				if v.Overlaps(id) != next.Overlaps(id) && !slices.Contains(d.Overlaps, id) {
					t.Fatalf("network %s changed, and the delta does not say so: %v", id, d.Overlaps)
				}
			}
			v = next
		}
	})
}

func overlapping(v *View, id linkspan.NetworkID) bool {
	n := v.Network(id)
	for o := range v.Networks() {
		if n != nil && o.ID != id && o.Subnet.Overlaps(n.Subnet) {
			return true
		}
	}
	return false
}

func TestAPathNeedsBothProofs(t *testing.T) {
	v, d := new(View).Apply(PutPaths(&linkspan.Paths{From: 1, To: []linkspan.ChassisID{2, 3}}))
	if v.Path(1, 2) || v.Path(2, 1) || !d.PathPairs()[Pair{1, 2}] || !d.PathPairs()[Pair{1, 3}] {
		t.Fatalf("one proof: path %t, pairs %v", v.Path(1, 2), d.PathPairs())
	}
	v, d = v.Apply(PutPaths(&linkspan.Paths{From: 2, To: []linkspan.ChassisID{1}}))
	if !v.Path(1, 2) || !v.Path(2, 1) || v.Path(1, 3) || len(d.PathPairs()) != 1 {
		t.Fatalf("both proofs: path %t, pairs %v", v.Path(1, 2), d.PathPairs())
	}
	_, d = v.Apply(PutPaths(&linkspan.Paths{From: 1, To: []linkspan.ChassisID{2}}))
	if pairs := d.PathPairs(); len(pairs) != 1 || !pairs[Pair{1, 3}] {
		t.Fatalf("one proof less: pairs %v", pairs)
	}
	v, d = v.Apply(RemovePaths(1), RemovePaths(9))
	if v.Path(1, 2) || len(d.Paths) != 1 || d.Empty() {
		t.Fatalf("no proof: path %t, delta %+v", v.Path(1, 2), d)
	}
}

func TestClear(t *testing.T) {
	v, _ := new(View).Apply(PutChassis(&linkspan.Chassis{ID: 1}), PutChassis(&linkspan.Chassis{ID: 2, Site: linkspan.DefaultSite}),
		PutChassis(&linkspan.Chassis{ID: 3, Site: "ams"}))
	if !v.Clear(1, 2) || v.Clear(1, 3) || v.Clear(1, 9) || v.Clear(9, 9) {
		t.Fatal("without a clearance only chassis of one site may talk")
	}
	c := linkspan.ClearanceOf(linkspan.DefaultSite, "ams")
	v, d := v.Apply(PutClearance(&c))
	if !v.Clear(1, 3) || !v.Clear(3, 2) || len(d.Clearances) != 1 || d.Empty() {
		t.Fatal("with a clearance they may not")
	}
	if _, d := v.Apply(PutClearance(&linkspan.Clearance{A: c.A, B: c.B})); !d.Empty() {
		t.Fatal("the same clearance counts as a change")
	}
	v, _ = v.Apply(RemoveClearance("ams", linkspan.DefaultSite))
	if v.Clear(1, 3) {
		t.Fatal("a clearance that was taken back still holds")
	}
}
