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
		fmt.Fprintln(os.Stderr, "nos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	var c options
	flags := flag.NewFlagSet("nos", flag.ContinueOnError)
	c.flags(flags)
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	if !inside() {
		return again(ctx, args[1:])
	}
	if err := settle(); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "linkspan-nos-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.dir)) }()
	return c.benchmark(ctx, args[1:])
}
