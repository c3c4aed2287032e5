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
	case c.endpoints < perNetwork || c.endpoints > 400 || c.endpoints%perNetwork != 0:
		return fmt.Errorf("-endpoints: a multiple of %d, at most 400", perNetwork)
	case c.changes < 1 || c.idle < time.Second:
		return errors.New("-changes and -idle: at least 1 and 1s")
	}
	most := maxHosts
	for _, l := range c.layouts {
		most = min(most, l.most)
	}
	for i, n := range c.sizes {
		if n < 2 || n > most || i > 0 && n <= c.sizes[i-1] {
			return fmt.Errorf("-sizes: rising, from 2 to %d with these layouts", most)
		}
	}
	return nil
}
