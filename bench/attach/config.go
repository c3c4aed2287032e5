// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// config is what the command line says.
type config struct {
	linkspan string // program
	plugin   string // socket: be the bare plugin
	only     string // what is measured
	results  string // folder
	name     string // of the files there
	packaged bool
	pairs    int
	runs     int
	crowds   int
	crowd    int
	parallel int
	pause    time.Duration

	dir string // for the lab
}

func (c *config) flags(f *flag.FlagSet) {
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.plugin, "plugin", "", "measure nothing, and serve the plugin that only makes a veth on this `socket`")
	f.StringVar(&c.only, "only", "", "measure these alone, `list` of "+strings.Join(kinds(), ", "))
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "attach", "`name` of the report, without ending")
	f.BoolVar(&c.packaged, "packaged", false, "dockerd guards and masquerades its networks, as Debian's package starts it; a lab's does not")
	f.IntVar(&c.pairs, "pairs", 20, "how many `times` each thing is measured, in turn")
	f.IntVar(&c.runs, "runs", 3, "the middle one of so many `commands` is one measurement")
	f.IntVar(&c.crowds, "crowds", 4, "how many `times` crowds are measured, 0 for not at all")
	f.IntVar(&c.crowd, "crowd", 50, "`containers` in a crowd")
	f.IntVar(&c.parallel, "parallel", 8, "`containers` of a crowd that start at the same time")
	f.DurationVar(&c.pause, "pause", 100*time.Millisecond, "leave the machine alone for so long before each command")
}

// validate says what cannot be measured.
func (c *config) validate() error {
	for kind := range c.wanted() {
		if !slices.Contains(kinds(), kind) {
			return fmt.Errorf("-only: %q is none of %s", kind, strings.Join(kinds(), ", "))
		}
	}
	switch {
	case c.pairs < 2:
		return errors.New("-pairs: a confidence interval needs two or more")
	case c.runs < 1 || c.crowd < 1 || c.crowd > 200 || c.parallel < 1:
		return errors.New("-runs, -crowd and -parallel: 1 or more, a crowd at most 200")
	case c.crowds == 1:
		return errors.New("-crowds: 0, or 2 and more for a confidence interval")
	}
	return nil
}

// wanted are the kinds of measures that were asked for.
func (c *config) wanted() iter.Seq[string] {
	if c.only == "" {
		return slices.Values(kinds())
	}
	return strings.SplitSeq(c.only, ",")
}
