// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"time"

	"github.com/linkspan/linkspan/bench/pairs"
)

// config is what the command line says.
type config struct {
	pairs.Config
	fastPath string // of the switches
}

var _ pairs.Program = (*config)(nil)

// Flags implements [pairs.Program].
func (c *config) Flags(f *flag.FlagSet) {
	c.AddFlags(f, "forward", 2*time.Second)
	f.StringVar(&c.fastPath, "fast-path", "auto", "of the switches: auto or none (`choice`)")
}

// Validate says what cannot be measured.
func (c *config) Validate() error {
	if c.fastPath != "auto" && c.fastPath != "none" {
		return errors.New("-fast-path: auto or none")
	}
	return c.Config.Validate()
}
