// SPDX-License-Identifier: Apache-2.0

package hamt

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// number hashes well; crowded makes most keys collide wholly or in part.
type number uint32

func (n number) Hash() uint64 { return Mix(uint64(n)) }

type crowded uint32

func (n crowded) Hash() uint64 { return uint64(n%3) << (n % 2 * 60) }

func TestMapIsAMap(t *testing.T) {
	t.Run("spread", func(t *testing.T) { rapid.Check(t, machine[number]) })
	t.Run("crowded", func(t *testing.T) { rapid.Check(t, machine[crowded]) })
}

func FuzzMapIsAMap(f *testing.F) {
	f.Add([]byte("put and delete"))
	f.Fuzz(rapid.MakeFuzz(machine[crowded]))
}

// machine does the same to a Map and to a Go map, and keeps old versions to
// see that they do not change.
func machine[K interface {
	Key
	~uint32
}](t *rapid.T) {
	var m, old Map[K, int]
	want, oldWant := map[K]int{}, map[K]int{}
	key := rapid.Custom(func(t *rapid.T) K { return K(rapid.Uint32Range(0, 200).Draw(t, "key")) })
	t.Repeat(map[string]func(*rapid.T){
		"put": func(t *rapid.T) {
			k, v := key.Draw(t, "key"), rapid.Int().Draw(t, "value")
			m = m.Put(k, v)
			want[k] = v
		},
		"delete": func(t *rapid.T) {
			k := key.Draw(t, "key")
			m = m.Delete(k)
			delete(want, k)
		},
		"keep": func(*rapid.T) { old, oldWant = m, maps.Clone(want) },
		"": func(t *rapid.T) {
			check(t, m, want)
			check(t, old, oldWant)
		},
	})
}

func check[K interface {
	Key
	~uint32
}](t *rapid.T, m Map[K, int], want map[K]int) {
	got := maps.Collect(m.All())
	if m.Len() != len(want) || !cmp.Equal(got, want) {
		t.Fatalf("len %d, want %d: %s", m.Len(), len(want), cmp.Diff(want, got))
	}
	for k := range K(201) {
		v, ok := m.Get(k)
		if w, there := want[k]; ok != there || v != w {
			t.Fatalf("get %d: %d, %t; want %d, %t", k, v, ok, w, there)
		}
	}
}

func TestDeleteAllLeavesNothing(t *testing.T) {
	var m Map[crowded, int]
	for k := range crowded(100) {
		m = m.Put(k, int(k))
	}
	for k := range crowded(100) {
		m = m.Delete(k)
	}
	if m.Len() != 0 || m.root != nil {
		t.Fatalf("left over: %d keys, root %v", m.Len(), m.root)
	}
}

func TestAllStops(t *testing.T) {
	m := Map[number, int]{}.Put(1, 1).Put(2, 2).Put(3, 3)
	seen := 0
	for range m.All() {
		seen++
		break
	}
	if seen != 1 {
		t.Fatalf("saw %d pairs after break", seen)
	}
}
