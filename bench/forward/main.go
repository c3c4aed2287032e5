// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/linkspan/linkspan/bench/forward/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "forward:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	switch {
	case len(args) == 3 && args[1] == "serve":
		return load.Serve(ctx, args[2])
	case len(args) == 5 && args[1] == "load":
		return put(ctx, load.Kind(args[2]), args[3], args[4])
	}
	var c config
	flags := flag.NewFlagSet("forward", flag.ContinueOnError)
	c.flags(flags)
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "linkspan-forward-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.dir)) }()
	return c.benchmark(ctx, args[1:])
}

// put puts a load on a server and prints the result.
func put(ctx context.Context, kind load.Kind, address, duration string) error {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return err
	}
	r, err := load.Run(ctx, kind, address, d)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
