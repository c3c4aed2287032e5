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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[1] == respondCommand {
		return respond(ctx, args[2])
	}
	var c config
	flags := flag.NewFlagSet("setup", flag.ContinueOnError)
	c.flags(flags)
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "linkspan-bench-") // mode 0700: keys are in there
	if err != nil {
		return err
	}
	measure := c.benchmark
	if c.policies > 0 {
		measure = c.governed
	}
	if err := measure(ctx, dir, args[1:]); err != nil {
		return fmt.Errorf("%w (logs: %s)", err, dir)
	}
	return os.RemoveAll(dir)
}
