// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"errors"
	"flag"
	"time"
)

// Config is what the command line of every program says.
type Config struct {
	Linkspan string // program
	Results  string // folder
	Name     string // of the files there
	Pairs    int    // times
	Time     time.Duration
}

// AddFlags adds the flags of a Config, by default with a report of that name and
// measurements that take so long.
func (c *Config) AddFlags(f *flag.FlagSet, name string, each time.Duration) {
	f.StringVar(&c.Linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.Results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.Name, "name", name, "`name` of the report, without ending")
	f.IntVar(&c.Pairs, "pairs", 20, "how many `times` each thing is measured, in turn")
	f.DurationVar(&c.Time, "time", each, "how long each measurement is")
}

// Validate says what cannot be measured.
func (c *Config) Validate() error {
	switch {
	case c.Pairs < 2:
		return errors.New("-pairs: a confidence interval needs two or more")
	case c.Time < 100*time.Millisecond:
		return errors.New("-time: at least 100ms")
	}
	return nil
}
