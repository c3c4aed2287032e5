// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/tree"
)

// Steps implements [config.Plan]: how many flows come, change and go, by what in the
// configuration they are for.
func (l *plan) Steps() []string {
	facts := assumed(l.old, l.new)
	var old Set
	if l.old != nil {
		old = Flows(l.old, facts)
	}
	c := between(old, Flows(l.new, facts))
	return c.steps()
}

// assumed numbers the interfaces of two configurations: what is done does not depend on how
// the bridge does it.
func assumed(trees ...*tree.Tree) Facts {
	var names []string
	for _, t := range trees {
		if t != nil {
			names = append(names, Interfaces(t)...)
		}
	}
	slices.Sort(names)
	f := Facts{Ports: make(map[string]uint32)}
	for i, name := range slices.Compact(names) {
		f.Ports[name] = uint32(i + 1)
	}
	return f
}

// steps says what a change is, in the order of its flows.
func (c *change) steps() []string {
	var order []string
	counts := make(map[string][2]int)
	add := func(flows []Flow, i int) {
		for _, f := range flows {
			about := "the switch"
			if len(f.Path) > 1 {
				about = strings.Join(f.Path[:2], " ")
			}
			n, seen := counts[about]
			if !seen {
				order = append(order, about)
			}
			n[i]++
			counts[about] = n
		}
	}
	add(c.come, 0)
	add(c.leave, 1)
	var list []string
	for _, about := range order {
		n := counts[about]
		list = append(list, fmt.Sprintf("flows of %s: %d written, %d taken away", about, n[0], n[1]))
	}
	for _, m := range append(slices.Clone(c.begin), c.faster...) {
		list = append(list, fmt.Sprintf("meter of %s: %d frames per second of %s", m.Port, m.Rate, m.Kind))
	}
	return list
}
