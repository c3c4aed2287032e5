// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/tree"
)

// A switch with 1,000 ports and 4,000 VLANs, each with an interface that routes, on
// a real disk; what the host itself needs is not in it.
func large(b *testing.B) (*Manager, *Directory) {
	b.Helper()
	disk, err := OpenDirectory(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { disk.Close() })
	m := open(b, base(b), disk, quietHost{})
	var text strings.Builder
	for v := 1; v <= 4000; v++ {
		fmt.Fprintf(&text, "set vlans %d interface address 10.%d.%d.1/24\n", v, v/256, v%256)
	}
	for p := range 1000 {
		fmt.Fprintf(&text, "set ports eth%d vlan %d\n", p, p+1)
	}
	s := m.Edit(ann)
	defer s.Close()
	if err := s.Load(tree.Commands, []byte(text.String())); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Commit(b.Context(), Commit{}); err != nil {
		b.Fatal(err)
	}
	return m, disk
}

func BenchmarkCommitOfOneLine(b *testing.B) {
	m, _ := large(b)
	s := m.Edit(ann)
	defer s.Close()
	n := 0
	for b.Loop() {
		n++
		if err := s.Merge(tree.Commands, fmt.Appendf(nil, "set ports eth500 description x%d", n)); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Commit(b.Context(), Commit{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenAndBoot(b *testing.B) {
	m, disk := large(b)
	for b.Loop() {
		if err := open(b, m.options.Schema, disk, quietHost{}).Boot(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
