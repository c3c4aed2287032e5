// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/wire/openflow"
)

// TestMasksAreTheSpan: they match its numbers, each once, and no others.
func TestMasksAreTheSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := span{low: rapid.Uint16Range(1, 65535).Draw(t, "low")}
		s.high = rapid.Uint16Range(s.low, 65535).Draw(t, "high")
		list := s.masks()
		if len(list) > 30 {
			t.Fatalf("%d masks", len(list))
		}
		for n := range 1 << 16 {
			matched := 0
			for _, m := range list {
				if uint16(n)&m.mask == m.value {
					matched++
				}
			}
			if want := n >= int(s.low) && n <= int(s.high); matched > 1 || want != (matched == 1) {
				t.Fatalf("%+v: %d matches %d times", s, n, matched)
			}
		}
	})
}

// set draws a small set of flows and meters.
func set(t *rapid.T, name string) (s Set) {
	for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 9, rapid.ID[int]).Draw(t, name) {
		var m openflow.Match
		to := uint8(rapid.IntRange(1, 2).Draw(t, "to"))
		s.Flows = append(s.Flows, Flow{Table: uint8(n % 2), Priority: uint16(n % 3), Match: slices.Clone(m.InPort(uint32(n + 1)).View()), Instructions: openflow.Instructions(nil).GotoTable(to)})
		s.Meters = append(s.Meters, Meter{ID: uint32(n + 1), Rate: uint32(to)})
	}
	return s
}

// follow does a change to a plain copy.
func follow(s Set, c change) (flows map[string]string, meters map[uint32]uint32) {
	flows, meters = make(map[string]string), make(map[uint32]uint32)
	for _, list := range [][]Flow{s.Flows, c.come} {
		for i := range list {
			flows[list[i].key()] = list[i].Instructions.String()
		}
	}
	for _, list := range [][]Meter{s.Meters, c.begin, c.faster} {
		for _, m := range list {
			meters[m.ID] = m.Rate
		}
	}
	for i := range c.leave {
		delete(flows, c.leave[i].key())
	}
	for _, m := range c.end {
		delete(meters, m.ID)
	}
	return flows, meters
}

// TestAChangeLeads from the one set to the other, whichever way it is found, and does nothing
// between equal ones.
func TestAChangeLeads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, new := set(t, "old"), set(t, "new")
		flows, meters := follow(new, change{})
		for _, c := range []change{between(old, new), towards(Held{Set: old}, new)} {
			gotFlows, gotMeters := follow(old, c)
			if diff := cmp.Diff(flows, gotFlows) + cmp.Diff(meters, gotMeters); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
			if again := between(new, new); !again.empty() {
				t.Fatalf("%+v", again)
			}
		}
	})
}
