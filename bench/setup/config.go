// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/linkspan/linkspan/bench/rulebook"
	"github.com/linkspan/linkspan/bench/scenario"
)

// config is what the command line says.
type config struct {
	linkspan string // program
	peer     string // program
	results  string // folder
	name     string // of the files there
	profiles string // folder
	pairs    int
	size     scenario.Size
	window   int
	rate     float64
	time     time.Duration
	policies int    // 0: what is compared is controllers
	before   string // program
}

func (c *config) flags(f *flag.FlagSet) {
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.peer, "peer", "/usr/bin/ovs-testcontroller", "the `program` to compare with")
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "setup", "`name` of the report, without ending")
	f.StringVar(&c.profiles, "profiles", "", "after measuring, write CPU profiles of linkspan's set-ups into this `folder`")
	f.IntVar(&c.pairs, "pairs", 20, "how many `times` each thing is measured, in turn")
	f.IntVar(&c.size.Switches, "switches", 16, "simulated switches; the peer takes no more than 16")
	f.IntVar(&c.size.Hosts, "hosts", 100, "hosts on each switch")
	f.IntVar(&c.window, "window", 64, "questions that each switch keeps open for throughput")
	f.Float64Var(&c.rate, "rate", 20000, "questions a `second` of all switches together for latency under load")
	f.IntVar(&c.policies, "policies", 0, "compare Linkspan with so many policies in force to Linkspan without, instead of with the peer")
	f.StringVar(&c.before, "before", "", "with -policies, another `program` that is compared as well, without policies")
	f.DurationVar(&c.time, "time", 2*time.Second, "how long each measurement asks")
}

// validate says what cannot be measured.
func (c *config) validate() error {
	switch {
	case c.pairs < 2:
		return errors.New("-pairs: a confidence interval needs two or more")
	case c.size.Switches < 2 || c.size.Switches > 16:
		return errors.New("-switches: routes between chassis need 2, and ovs-testcontroller serves no more than 16")
	case c.window < 1 || c.rate < 1 || c.time < 100*time.Millisecond:
		return errors.New("-window, -rate and -time: at least 1, 1 and 100ms")
	case c.policies < 0 || c.policies > rulebook.MaxPolicies:
		return fmt.Errorf("-policies: at most %d", rulebook.MaxPolicies)
	case c.before != "" && c.policies == 0:
		return errors.New("-before: only with -policies")
	}
	return c.size.Validate()
}
