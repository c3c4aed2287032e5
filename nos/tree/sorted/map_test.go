// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func keys() *rapid.Generator[string] { return rapid.StringMatching(`[a-c]{0,1}[0-9]{0,3}[a-b]{0,1}`) }

// The order is total: each of two keys is before, after or equal to the other,
// and what is before the one that is before is before.
func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := keys().Draw(t, "a"), keys().Draw(t, "b"), keys().Draw(t, "c")
		if (Compare(a, b) == 0) != (a == b) || (Compare(a, b) < 0) != (Compare(b, a) > 0) {
			t.Fatalf("%q and %q", a, b)
		}
		if Compare(a, b) < 0 && Compare(b, c) < 0 && Compare(a, c) >= 0 {
			t.Fatalf("%q < %q < %q", a, b, c)
		}
	})
	if Compare("eth9", "eth10") >= 0 || Compare("9.0.0.0/8", "10.0.0.0/8") >= 0 {
		t.Error("numbers are not compared by their value")
	}
}

// A map behaves as Go's, has the same shape whatever the way to it, and what is
// said to differ is what differs.
func TestMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := draw(t, Map[int]{}, map[string]int{}, "first")
		second := draw(t, first.m, first.model, "second")
		for _, x := range []drawn{first, second} {
			check(t, x)
		}
		got := map[string][2]int{}
		var order []string
		Diff(first.m, second.m, func(c Change[int]) {
			got[c.Key] = [2]int{c.Old, c.New}
			order = append(order, c.Key)
			if _, was := first.model[c.Key]; was != c.Was {
				t.Fatalf("%q was: %v", c.Key, c.Was)
			}
			if _, is := second.model[c.Key]; is != c.Is {
				t.Fatalf("%q is: %v", c.Key, c.Is)
			}
		})
		want := map[string][2]int{}
		for k := range first.model {
			if first.model[k] != second.model[k] {
				want[k] = [2]int{first.model[k], second.model[k]}
			}
		}
		for k := range second.model {
			if first.model[k] != second.model[k] {
				want[k] = [2]int{first.model[k], second.model[k]}
			}
		}
		if d := cmp.Diff(want, got); d != "" || !slices.IsSortedFunc(order, Compare) || len(order) != len(got) {
			t.Fatalf("diff in order %v: %s", order, d)
		}
	})
}

type drawn struct {
	m     Map[int]
	model map[string]int
}

func draw(t *rapid.T, m Map[int], model map[string]int, label string) drawn {
	model = maps.Clone(model)
	for _, k := range rapid.SliceOfN(keys(), 0, 40).Draw(t, label) {
		if rapid.Bool().Draw(t, "set") {
			v := rapid.IntRange(1, 3).Draw(t, "value")
			m, model[k] = m.Set(k, v), v
			continue
		}
		m = m.Delete(k)
		delete(model, k)
	}
	return drawn{m, model}
}

func check(t *rapid.T, x drawn) {
	want := slices.SortedFunc(maps.Keys(x.model), Compare)
	var fresh Map[int]
	for _, k := range want {
		fresh = fresh.Set(k, x.model[k])
	}
	var got []string
	for k, v := range x.m.All() {
		got = append(got, k)
		if w, ok := x.m.Get(k); !ok || v != w || v != x.model[k] {
			t.Fatalf("%q is %d, %d", k, v, w)
		}
	}
	if d := cmp.Diff(want, got); d != "" || x.m.Len() != len(want) {
		t.Fatalf("%d keys: %s", x.m.Len(), d)
	}
	if !same(fresh.root, x.m.root) {
		t.Fatal("the shape hangs on the way to it")
	}
}

func same(a, b *node[int]) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.key == b.key && a.size == b.size && same(a.left, b.left) && same(a.right, b.right)
}

// A change of one key in many visits a path, not the map.
func TestDiffCostsWhatDiffers(t *testing.T) {
	var m Map[int]
	for i := range 4000 {
		m = m.Set(strconv.Itoa(i), 1)
	}
	n := m.Set("2000", 2)
	allocs := testing.AllocsPerRun(10, func() { Diff(m, n, func(Change[int]) {}) })
	if allocs > 10 {
		t.Errorf("%v allocations", allocs)
	}
	if allocs := testing.AllocsPerRun(10, func() { m.Set("2000", 2) }); allocs > 60 {
		t.Errorf("a change makes %v nodes", allocs)
	}
}
