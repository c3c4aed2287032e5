// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/schema/schematest"
	"github.com/linkspan/linkspan/nos/tree"
)

// draw sets some of what the bridge can be told, valid together or not: few names, so that
// changes meet.
func draw(t *rapid.T, s *schema.Schema, from *tree.Tree) *tree.Tree {
	next := from
	for range rapid.IntRange(0, 12).Draw(t, "edits") {
		path := schematest.Path(t, s)
		if !slices.Contains([]string{"ports", "vlans", "mirrors", "qos", "switching", "spanning-tree", "flow-export"}, path[0]) {
			path = []string{"ports", "eth1", "description", "x"}
		}
		switch path[0] {
		case "ports":
			path[1] = rapid.SampledFrom([]string{"eth1", "eth2", "lag", "vlan1"}).Draw(t, "port")
		case "vlans":
			path[1] = rapid.SampledFrom([]string{"1", "2"}).Draw(t, "vlan")
		}
		change := next.Set
		if rapid.Bool().Draw(t, "delete") {
			change, path = next.Delete, path[:min(len(path), 2)]
		}
		if after, err := change(path...); err == nil {
			next = after
		}
	}
	return next
}

// What a change touches is all that it changes: rows of the scope replaced make the
// rows of the whole.
func TestScopeIsEnough(t *testing.T) {
	s := base(t)
	c := &Config{Datapath: "netdev"}
	rapid.Check(t, func(t *rapid.T) {
		old := draw(t, s, tree.New(s))
		next := draw(t, s, old)
		before, twice := c.wanted(old, scope{all: true})
		want, wrong := c.wanted(next, scope{all: true})
		in := touched(old, next)
		if in.all || len(wrong)+len(twice) > 0 { // names taken twice are refused
			return
		}
		for name := range in.ports {
			if p := before[id{tablePort, name}]; p != nil {
				before.without(p)
			}
		}
		part, _ := c.wanted(next, in)
		for _, r := range part {
			before.add(r)
		}
		if all := steps(differences(want, before)); len(all) > 0 {
			t.Fatalf("a change of %v is not all: %v", in.ports, all)
		}
	})
}

// What is as wanted needs no operation, and what is made refers only to what is there.
func TestOperationsAreClosed(t *testing.T) {
	s := base(t)
	c := &Config{Datapath: "netdev"}
	rapid.Check(t, func(t *rapid.T) {
		want, _ := c.wanted(draw(t, s, tree.New(s)), scope{all: true})
		have := &found{rows: want, uuids: map[id]string{}}
		for r := range want {
			have.uuids[r] = "2f77b348-9768-4866-b761-89d5177ecda0"
		}
		if ops := operations(have, want); len(ops) > 0 {
			t.Fatalf("operations for nothing: %v", ops)
		}
		for _, port := range want.of(tablePort) {
			for _, name := range port.cells["interfaces"] {
				if want[id{tableInterface, name}] == nil {
					t.Fatalf("port %s has a device %s without a row", port.name, name)
				}
			}
		}
	})
}

func TestTouched(t *testing.T) {
	s := base(t)
	const old = "set ports eth1 vlan 10\nset vlans 10 interface address 192.0.2.1/24\nset vlans 20 description x\n"
	for _, test := range []struct{ commands, want string }{
		{"set ports eth1 description x", "eth1"},
		{"set vlans 20 description y", ""},
		{"set vlans 10 interface mtu 1400", "vlan10"},
		{"set vlans 20 interface address 198.51.100.1/24\nset ports eth2 mode trunk", "eth2 vlan20"},
		{"set system hostname edge1", ""},
		{"set acls a rules 10 action permit", ""},
		{"set switching mac-aging 1m", "all"},
		{"set qos q rate 1M", "all"},
		{"set spanning-tree enabled true", "all"},
	} {
		from := loaded(t, s, old)
		to := from
		for line := range strings.Lines(test.commands) {
			var err error
			if to, err = to.Set(strings.Fields(line)[1:]...); err != nil {
				t.Fatal(err)
			}
		}
		in := touched(from, to)
		have := "all"
		if !in.all {
			var names []string
			for name := range in.ports {
				names = append(names, name)
			}
			slices.Sort(names)
			have = strings.Join(names, " ")
		}
		if have != test.want {
			t.Errorf("%s touches %q, want %q", test.commands, have, test.want)
		}
	}
	if in := touched(tree.New(s), loaded(t, s, "set spanning-tree enabled true")); !in.none() {
		t.Error("without ports there is no bridge, and a change of it touches", in)
	}
	if in := touched(nil, tree.New(s)); !in.all {
		t.Error("an unknown host is looked at all over, not", in)
	}
}

func TestShowNumbers(t *testing.T) {
	for cell, want := range map[string]string{"": "", "7": "7", "1 2 3 7 9 10": "1-3,7,9-10"} {
		if have := show(numbers, strings.Fields(cell)); have != want {
			t.Errorf("%q is shown as %q", cell, have)
		}
	}
	var many []string
	for i := range 4094 {
		many = append(many, fmt.Sprint(i+1))
	}
	if diff := cmp.Diff("1-4094", show(numbers, arrange(numbers, many))); diff != "" {
		t.Error(diff)
	}
}
