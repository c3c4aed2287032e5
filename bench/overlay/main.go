// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"time"

	"github.com/linkspan/linkspan/bench/pairs"
)

func main() { pairs.Main("overlay", new(config)) }

// config is what the command line says.
type config struct{ pairs.Config }

var _ pairs.Program = (*config)(nil)

// Flags implements [pairs.Program].
func (c *config) Flags(f *flag.FlagSet) { c.AddFlags(f, "overlay", 800*time.Millisecond) }
