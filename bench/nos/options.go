// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// options is what the command line says.
type options struct {
	results    string // folder
	name       string // of the files there
	ports      int
	vlans      int
	interfaces int // of VLANs
	pairs      int
	changes    int

	dir string // for Open vSwitch and the revisions
}

func (c *options) flags(f *flag.FlagSet) {
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "nos", "`name` of the report, without ending")
	f.IntVar(&c.ports, "ports", 1000, "`ports` of the bridge")
	f.IntVar(&c.vlans, "vlans", 4000, "`VLANs`")
	f.IntVar(&c.interfaces, "interfaces", 64, "how many of the `VLANs` have an interface that routes")
	f.IntVar(&c.pairs, "pairs", 20, "how many `times` each thing is measured, in turn")
	f.IntVar(&c.changes, "changes", 10, "`commits` in one measurement")
}

// validate says what cannot be measured.
func (c *options) validate() error {
	switch {
	case c.pairs < 2:
		return errors.New("-pairs: a confidence interval needs two or more")
	case c.changes < 1:
		return errors.New("-changes: 1 or more")
	case c.ports < 2 || c.ports%2 != 0 || c.ports > 10000:
		return errors.New("-ports: an even number from 2 to 10000")
	case c.vlans < 2 || c.vlans > 4094 || c.interfaces > c.vlans:
		return errors.New("-vlans: 2 to 4094, and no more of them can have interfaces")
	}
	return nil
}

// device is the name of a port.
func device(n int) string { return fmt.Sprintf("eth%d", n) }

// configuration is what the switch is configured with, as commands.
func (c *options) configuration() string {
	var b strings.Builder
	for v := 1; v <= c.vlans; v++ {
		fmt.Fprintf(&b, "set vlans %d description \"vlan %d\"\n", v, v)
		if v <= c.interfaces {
			fmt.Fprintf(&b, "set vlans %d interface address 10.%d.%d.1/24\n", v, v/256, v%256)
		}
	}
	for p := range c.ports {
		fmt.Fprintf(&b, "set ports %s description \"desk %d\"\nset ports %s vlan %d\n", device(p), p, device(p), p%c.vlans+1)
	}
	return b.String()
}
