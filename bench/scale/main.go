// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c config
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
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
	if err := c.benchmark(ctx, dir, args[1:]); err != nil {
		return fmt.Errorf("%w (logs: %s)", err, dir)
	}
	return os.RemoveAll(dir)
}

// benchmark measures every size of every layout and writes the report after
// each, so that a long run that is ended leaves what it has.
func (c *config) benchmark(ctx context.Context, dir string, args []string) error {
	r, err := newResult(ctx, c, args)
	if err != nil {
		return err
	}
	for _, l := range c.layouts {
		for _, n := range c.sizes {
			where := filepath.Join(dir, fmt.Sprintf("%s-%d", l.name, n))
			if err := os.MkdirAll(where, 0o700); err != nil {
				return err
			}
			of, hosts := c.at(n)
			f, err := of.measure(ctx, where, l, hosts)
			if err != nil {
				return fmt.Errorf("%s, %d: %w", l.name, n, err)
			}
			r.add(l, f)
			if err := r.write(c.results, c.name); err != nil {
				return err
			}
			if err := os.RemoveAll(where); err != nil {
				return err
			}
		}
	}
	_, err = os.Stdout.Write(r.markdown())
	return err
}
