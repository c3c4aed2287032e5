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
	results  string // folder
	name     string // of the files there
	fastPath string // of the switches
	pairs    int
	time     time.Duration

	dir string // for the lab
}

func (c *config) flags(f *flag.FlagSet) {
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "forward", "`name` of the report, without ending")
	f.StringVar(&c.fastPath, "fast-path", "auto", "of the switches: auto or none (`choice`)")
	f.IntVar(&c.pairs, "pairs", 20, "how many `times` each thing is measured, in turn")
	f.DurationVar(&c.time, "time", 2*time.Second, "how long each measurement is")
}

// validate says what cannot be measured.
func (c *config) validate() error {
	switch {
	case c.pairs < 2:
		return errors.New("-pairs: a confidence interval needs two or more")
	case c.time < 100*time.Millisecond:
		return errors.New("-time: at least 100ms")
	case c.fastPath != "auto" && c.fastPath != "none":
		return errors.New("-fast-path: auto or none")
	}
	return nil
}
