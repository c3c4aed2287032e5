// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/linkspan/linkspan"
)

// config is what the command line says.
type config struct {
	linkspan  string // program
	results   string // folder
	name      string // of the files there
	profiles  string // folder
	hosts     int
	endpoints int // on each
	policies  int
	peers     int // that each endpoint talks with
	changes   int // of each kind
}

func (c *config) flags(f *flag.FlagSet) {
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "policy", "`name` of the report, without ending")
	f.StringVar(&c.profiles, "profiles", "", "write profiles of the controller while policies change into this `folder`")
	f.IntVar(&c.hosts, "hosts", 100, "simulated hosts")
	f.IntVar(&c.endpoints, "endpoints", 100, "endpoints on each host")
	f.IntVar(&c.policies, "policies", 5000, "policies in force")
	f.IntVar(&c.peers, "peers", 4, "with how many others each endpoint talks")
	f.IntVar(&c.changes, "changes", 20, "how many `times` each kind of change is made")
}

// perNetwork is how many endpoints of a network a host has.
const perNetwork = 10

// validate says what cannot be measured.
func (c *config) validate() error {
	switch {
	case c.hosts < 2 || c.hosts > 1000:
		return errors.New("-hosts: from 2 to 1000")
	case c.endpoints < perNetwork || c.endpoints > 400 || c.endpoints%perNetwork != 0:
		return fmt.Errorf("-endpoints: a multiple of %d, at most 400", perNetwork)
	case c.policies < 1 || c.policies > linkspan.MaxPolicies-1:
		return fmt.Errorf("-policies: from 1 to %d", linkspan.MaxPolicies-1)
	case c.peers < 1 || c.changes < 2:
		return errors.New("-peers and -changes: at least 1 and 2")
	}
	return nil
}
