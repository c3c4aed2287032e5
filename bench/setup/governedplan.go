// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/linkspan/linkspan/bench/ofload"

// compared returns what is measured. Entry 0 is without policies, 1 with them, 2
// another program.
func (c *config) compared(contenders []*contender) []cell {
	cells := []cell{
		{name: "Throughput, one chassis", about: "All switches keep their window of questions open.", load: ofload.Load{Window: c.window}},
		{name: "Throughput, two chassis", about: "The same between endpoints of neighbouring chassis.", load: ofload.Load{Window: c.window}},
		{name: "First packet, one chassis", about: aboutLatency, load: ofload.Load{Window: 1}},
		{name: "First packet, two chassis", about: aboutLatency, load: ofload.Load{Window: 1}},
	}
	for i := range cells {
		two, single := i%2 == 1, i >= 2
		for _, s := range contenders {
			e := entry{s.name, s.linkspan.controller, func() error { return s.fabric.AskSame(s.asking) }, s.asking}
			if two {
				e.ask = func() error { return s.fabric.AskTwo(s.asking) }
			}
			if single {
				e.asking = s.asking[:1]
			}
			cells[i].entries = append(cells[i].entries, e)
		}
		cells[i].ratios = ratiosOf(contenders, single)
	}
	return cells
}

// ratiosOf are those of the policies to none, and of none to another program.
func ratiosOf(contenders []*contender, single bool) (list []ratio) {
	for _, q := range [][2]int{{1, 0}, {0, 2}} {
		if q[1] == len(contenders) {
			break
		}
		name := contenders[q[0]].name + " / " + contenders[q[1]].name
		if single {
			list = append(list, ratio{name + ", p50", q[0], q[1], median}, ratio{name + ", p99", q[0], q[1], high})
			continue
		}
		list = append(list, ratio{name + ", per controller CPU second", q[0], q[1], perCPU}, ratio{name + ", per second", q[0], q[1], perSecond})
	}
	return list
}
