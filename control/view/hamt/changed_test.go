// SPDX-License-Identifier: Apache-2.0

package hamt

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestChanged(t *testing.T) {
	t.Run("spread", func(t *testing.T) { rapid.Check(t, difference[number]) })
	t.Run("crowded", func(t *testing.T) { rapid.Check(t, difference[crowded]) })
}

// difference compares two versions of a map with what was done between them.
func difference[K interface {
	Key
	~uint32
}](t *rapid.T) {
	var from Map[K, int]
	key := rapid.Custom(func(t *rapid.T) K { return K(rapid.Uint32Range(0, 100).Draw(t, "key")) })
	for _, k := range rapid.SliceOf(key).Draw(t, "before") {
		from = from.Put(k, 1)
	}
	to, value := from, 1
	for _, k := range rapid.SliceOf(key).Draw(t, "after") {
		value++
		if rapid.Bool().Draw(t, "put") {
			to = to.Put(k, value)
		} else {
			to = to.Delete(k)
		}
	}
	found := slices.Collect(Changed(from, to))
	slices.Sort(found)
	if len(slices.Compact(slices.Clone(found))) != len(found) {
		t.Fatalf("a key is yielded twice: %v", found)
	}
	for k := range K(101) {
		a, was := from.Get(k)
		b, is := to.Get(k)
		if _, listed := slices.BinarySearch(found, k); (was != is || a != b) && !listed {
			t.Fatalf("key %d differs and is not yielded", k)
		}
	}
	if n := len(slices.Collect(Changed(from, from))); n != 0 {
		t.Fatalf("%d keys differ between a map and itself", n)
	}
}

// TestChangedCostsTheDifference: what is the same is not looked at.
func TestChangedCostsTheDifference(t *testing.T) {
	var m Map[number, int]
	for k := range number(10_000) {
		m = m.Put(k, 1)
	}
	if got := slices.Collect(Changed(m, m.Put(17, 2).Delete(18).Put(20_000, 1))); len(got) != 3 {
		t.Fatalf("changed: %v", got)
	}
	if n := testing.AllocsPerRun(10, func() {
		for range Changed(m, m) {
			t.Error("a map differs from itself")
		}
	}); n > 10 {
		t.Errorf("%g allocations to find nothing", n)
	}
}
