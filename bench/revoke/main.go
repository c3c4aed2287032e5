// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// config is what the command line says.
type config struct {
	linkspan string // program
	results  string // folder
	name     string // of the files there
	times    int
	only     string
}

func (c *config) flags(f *flag.FlagSet) {
	f.StringVar(&c.linkspan, "linkspan", "bin/linkspan", "the `program` to measure")
	f.StringVar(&c.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&c.name, "name", "revoke", "`name` of the report, without ending")
	f.StringVar(&c.only, "only", "", "measure what has this `text` in its name, and nothing else")
	f.IntVar(&c.times, "times", 30, "how many `times` each kind of permission is taken away")
}

func (c *config) validate() error {
	if c.times < 1 {
		return errors.New("-times: at least 1")
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "revoke:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c config
	flags := flag.NewFlagSet("revoke", flag.ContinueOnError)
	c.flags(flags)
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	return c.benchmark(ctx, args[1:])
}
