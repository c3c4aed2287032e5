// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/schema"
)

// large returns a configuration with many ports and VLANs, each of them with an
// interface that routes.
func large(t testing.TB, s *schema.Schema, ports, vlans int) *Tree {
	t.Helper()
	tree, err := New(s).Load(Commands, []byte(largeText(ports, vlans)))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func largeText(ports, vlans int) string {
	var b strings.Builder
	for v := 1; v <= vlans; v++ {
		fmt.Fprintf(&b, "set vlans %d description \"vlan %d\"\nset vlans %d interface address 10.%d.%d.1/24\n", v, v, v, v/256, v%256)
	}
	for p := range ports {
		fmt.Fprintf(&b, "set ports eth%d description \"desk %d\"\nset ports eth%d vlan %d\nset ports eth%d spanning-tree edge yes\n", p, p, p, p%vlans+1, p)
	}
	return b.String()
}

func BenchmarkOneLine(b *testing.B) {
	t := large(b, base(b), 1000, 4000)
	for b.Loop() {
		if _, err := t.Set("ports", "eth500", "description", "other"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	t := large(b, base(b), 1000, 4000)
	u, err := t.Set("ports", "eth500", "description", "other")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("one line", func(b *testing.B) {
		for b.Loop() {
			Compare(t, u, Hide)
		}
	})
	apart := large(b, t.Schema(), 1000, 4000)
	b.Run("made apart", func(b *testing.B) {
		for b.Loop() {
			Compare(t, apart, Hide)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	s := base(b)
	t := large(b, s, 1000, 4000)
	for _, f := range []Form{Commands, YAML, JSON} {
		text := t.Text(f, Show)
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := New(s).Load(f, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
