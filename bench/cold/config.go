// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"time"
)

// config is what the command line says.
type config struct {
	linkspan string // program
	peer     string // program
	results  string // folder
	name     string // of the files there
	pairs    int
	trials   int
	pause    time.Duration

	dir string // for the lab
}

func (c *config) flags(f *flag.FlagSet) {
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.peer, "peer", "/usr/bin/ovs-testcontroller", "the `program` to compare with")
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "cold", "`name` of the report, without ending")
	f.IntVar(&c.pairs, "pairs", 20, "how many `times` each thing is measured, in turn")
	f.IntVar(&c.trials, "trials", 50, "first `packets` in one measurement")
	f.DurationVar(&c.pause, "pause", 30*time.Millisecond, "from the deletion of flows to the first packet; no flow may be cached any more")
}

// validate says what cannot be measured.
func (c *config) validate() error {
	switch {
	case c.pairs < 2:
		return errors.New("-pairs: a confidence interval needs two or more")
	case c.trials < 2:
		return errors.New("-trials: 2 or more")
	}
	return nil
}
