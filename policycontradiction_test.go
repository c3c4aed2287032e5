// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawContradictory(t *rapid.T, i int) *Policy {
	labels := func(side string) (all []Selector) {
		for range rapid.IntRange(0, 2).Draw(t, side) {
			all = append(all, Selector{Network: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "network")})
		}
		return all
	}
	p := &Policy{
		Name: fmt.Sprint(i), Priority: uint16(rapid.IntRange(0, 1).Draw(t, "priority")),
		Action: PolicyAction(rapid.IntRange(1, 3).Draw(t, "action")), From: labels("from"), To: labels("to"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "ports") {
		first := uint16(rapid.IntRange(0, 20).Draw(t, "first"))
		p.Ports = append(p.Ports, PolicyPorts{
			Protocol: rapid.SampledFrom([]uint8{ProtocolTCP, ProtocolUDP}).Draw(t, "protocol"),
			First:    first, Last: first + uint16(rapid.IntRange(0, 5).Draw(t, "more")),
		})
	}
	return p
}

// TestContradictionsAreFound: those that are found are some, and if there are any, some
// are found.
func TestContradictionsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*Policy
		for i := range rapid.IntRange(0, 12).Draw(t, "policies") {
			all = append(all, drawContradictory(t, i))
		}
		pairs := Contradictions(all)
		for _, pair := range pairs {
			if pair[0] <= pair[1] || !all[pair[0]].Contradicts(all[pair[1]]) {
				t.Fatalf("%v: %+v and %+v do not contradict each other", pair, all[pair[0]], all[pair[1]])
			}
		}
		any := false
		for i, p := range all {
			any = any || slices.ContainsFunc(all[:i], p.Contradicts)
		}
		if any != (len(pairs) > 0) {
			t.Fatalf("some contradict each other: %t, found %v", any, pairs)
		}
	})
}
