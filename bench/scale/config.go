// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// config is what the command line says.
type config struct {
	linkspan  string // program
	results   string // folder
	name      string // of the files there
	profiles  string // folder
	endpoints int    // on each host
	hosts     int    // 0: they are the sizes; else the sizes are endpoints on each
	changes   int    // of each kind
	idle      time.Duration
	sizes     []int
	layouts   []layout
}

func (c *config) flags(f *flag.FlagSet) {
	c.sizes, c.layouts = []int{10, 100, 300, 1000}, allLayouts()[:2]
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "scale", "`name` of the report, without ending")
	f.StringVar(&c.profiles, "profiles", "", "write profiles of the controller's heap and of its start into this `folder`")
	f.IntVar(&c.endpoints, "endpoints", 100, "endpoints on each host")
	f.IntVar(&c.changes, "changes", 100, "how many `times` each change is made")
	f.DurationVar(&c.idle, "idle", 10*time.Second, "how long the idle controller is watched")
	f.IntVar(&c.hosts, "hosts", 0, "as many `hosts` in each measurement; -sizes are then endpoints on each host")
	f.Func("sizes", "`numbers` of hosts, rising (default 10,100,300,1000)", func(s string) (err error) {
		c.sizes = nil
		for part := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return err
			}
			c.sizes = append(c.sizes, n)
		}
		return nil
	})
	f.Func("layouts", "`names` of how networks lie over hosts: shared, flat, overlay (default shared,flat)", func(s string) error {
		c.layouts = nil
		for part := range strings.SplitSeq(s, ",") {
			l, err := layoutOf(part)
			if err != nil {
				return err
			}
			c.layouts = append(c.layouts, l)
		}
		return nil
	})
}

// validate says what cannot be measured.
func (c *config) validate() error {
	switch {
	case !fits(c.endpoints):
		return fmt.Errorf("-endpoints: a multiple of %d, at most %d", perNetwork, maxEndpoints)
	case c.changes < 1 || c.idle < time.Second:
		return errors.New("-changes and -idle: at least 1 and 1s")
	}
	most := maxHosts
	for _, l := range c.layouts {
		most = min(most, l.most)
	}
	if c.hosts != 0 && (c.hosts < 2 || c.hosts > most) {
		return fmt.Errorf("-hosts: from 2 to %d with these layouts", most)
	}
	for i, n := range c.sizes {
		switch {
		case i > 0 && n <= c.sizes[i-1]:
			return errors.New("-sizes: rising")
		case c.hosts == 0 && (n < 2 || n > most):
			return fmt.Errorf("-sizes: from 2 to %d with these layouts", most)
		case c.hosts != 0 && !fits(n):
			return fmt.Errorf("-sizes: with -hosts, multiples of %d, at most %d", perNetwork, maxEndpoints)
		}
	}
	return nil
}

// maxEndpoints is how many a host can have.
const maxEndpoints = 400

// fits says whether hosts can have so many endpoints each.
func fits(endpoints int) bool {
	return endpoints >= perNetwork && endpoints <= maxEndpoints && endpoints%perNetwork == 0
}

// at returns the configuration of one size, and how many hosts it has.
func (c *config) at(size int) (at *config, hosts int) {
	if c.hosts == 0 {
		return c, size
	}
	of := *c
	of.endpoints = size
	return &of, c.hosts
}
