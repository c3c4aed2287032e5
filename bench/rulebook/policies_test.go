// SPDX-License-Identifier: Apache-2.0

package rulebook_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/rulebook"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// world is two networks of 600 endpoints each, which share a group.
func world() *rulebook.World {
	w := &rulebook.World{Groups: []linkspan.Group{{Name: "both", Networks: []linkspan.NetworkID{1, 2}}}}
	for n := range 2 {
		id := linkspan.NetworkID(n + 1)
		w.Networks = append(w.Networks, linkspan.Network{
			ID: id, Name: fmt.Sprintf("net%d", n), Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id)}), 16),
		})
		w.Chassis = append(w.Chassis, linkspan.Chassis{ID: linkspan.ChassisID(id), Name: fmt.Sprintf("h%d", id)})
		for i := range 600 {
			w.Endpoints = append(w.Endpoints, linkspan.Endpoint{
				Network: id, Address: netip.AddrFrom4([4]byte{10, byte(id), byte(i / 200), byte(i%200 + 2)}), Chassis: linkspan.ChassisID(id),
				Port: uint32(i + 1), MAC: linkspan.MAC{2, 0, 0, byte(n), byte(i >> 8), byte(i)}, Container: fmt.Sprintf("c%d-%d", n, i), Labels: rulebook.Labels(n*600 + i),
			})
		}
	}
	return w
}

// TestPoliciesAreGood: each could be stored, no two are of one priority, there are all
// actions and all kinds of selectors, and they are the same each time.
func TestPoliciesAreGood(t *testing.T) {
	w := world()
	all := w.Policies(5000)
	used, actions := map[uint16]bool{}, map[linkspan.PolicyAction]int{}
	var labels, networks, groups, names, prefixes int
	for i := range all {
		p := &all[i]
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		if used[p.Priority] {
			t.Fatalf("priority %d twice", p.Priority)
		}
		used[p.Priority] = true
		actions[p.Action]++
		for _, s := range append(p.From, p.To...) {
			labels, networks, groups = labels+len(s.Labels), networks+len(s.Network), groups+len(s.Group)
			names += len(s.Endpoint)
			if s.CIDR.IsValid() {
				prefixes++
			}
		}
	}
	if len(actions) != 3 || labels == 0 || networks == 0 || groups == 0 || names == 0 || prefixes == 0 {
		t.Errorf("actions %v, %d labels, %d networks, %d groups, %d names, %d prefixes", actions, labels, networks, groups, names, prefixes)
	}
	if diff := cmp.Diff(all, w.Policies(5000), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}

// TestPoliciesMatter: of the pairs of a network some keep what they may, some are told
// apart by port, some may not talk.
func TestPoliciesMatter(t *testing.T) {
	w := world()
	v, memo := w.View(w.Policies(5000)), new(decide.Memo)
	var whole, tracked, denied int
	for i := range 300 {
		a, b := &w.Endpoints[i], &w.Endpoints[599-i]
		switch d := memo.Between(v, v.Endpoint(view.KeyOf(a)), v.Endpoint(view.KeyOf(b))); {
		case d.Verdict != decide.Allow:
			denied++
		case d.Tracked:
			tracked++
		default:
			whole++
		}
	}
	if whole < 30 || tracked < 30 || denied == 0 {
		t.Errorf("%d whole, %d tracked, %d denied", whole, tracked, denied)
	}
}
