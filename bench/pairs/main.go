// SPDX-License-Identifier: Apache-2.0

package pairs

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

	"github.com/linkspan/linkspan/bench/load"
)

// Program is a benchmark of pairs.
type Program interface {
	Flags(*flag.FlagSet)
	Validate() error
	// Benchmark is called with the command line, which has been read.
	Benchmark(ctx context.Context, args []string) error
}

// Main is the main function of a program of that name. It ends the process where
// something went wrong.
func Main(name string, p Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, name, p, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, p Program, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "serve":
		return load.Serve(ctx, args[1])
	case len(args) == 4 && args[0] == "load":
		return put(ctx, load.Kind(args[1]), args[2], args[3])
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	p.Flags(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if err := p.Validate(); err != nil {
		return err
	}
	return p.Benchmark(ctx, args)
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
