// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/linkspan/linkspan/bench/report"
)

// options is what the command line says.
type options struct {
	results string // folder
	name    string // of the files there
	pairs   int
	large   int    // MB of the large image
	layers  int    // of the image of small layers
	dir     string // for what the registries store; on the disk that is measured
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	var o options
	f := flag.NewFlagSet("registry", flag.ContinueOnError)
	f.StringVar(&o.results, "results", "bench/results", "write the report into this `folder`")
	f.StringVar(&o.name, "name", "registry", "`name` of the report, without ending")
	f.IntVar(&o.pairs, "pairs", 10, "how many `times` each thing is measured, in turn")
	f.IntVar(&o.large, "large", 100, "`MB` of the large image")
	f.IntVar(&o.layers, "layers", 1000, "`layers` of the image of small ones")
	f.StringVar(&o.dir, "dir", "", "the registries store in this `folder` (default: a new one where temporary files are)")
	if err := f.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if o.pairs < 2 || o.large < 1 || o.layers < 1 {
		return errors.New("-pairs: 2 or more; -large and -layers: 1 or more")
	}
	if _, err := exec.LookPath("docker-registry"); err != nil {
		return errors.New("docker-registry is not installed: apt-get install docker-registry")
	}
	if o.dir, err = os.MkdirTemp(o.dir, "linkspan-registry-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	return o.benchmark(ctx, args)
}

func (o *options) benchmark(ctx context.Context, args []string) error {
	r, err := report.New(ctx, "Push and pull", args)
	if err != nil {
		return err
	}
	ours, theirs, err := o.start(ctx)
	if err != nil {
		return err
	}
	defer ours.process.Stop()
	defer theirs.process.Stop()
	if r.Cells, err = o.measure(ctx, ours, theirs); err != nil {
		return err
	}
	for _, s := range []*subject{ours, theirs} {
		peak, err := s.peak()
		if err != nil {
			return err
		}
		r.Facts = append(r.Facts, fmt.Sprintf("Resident memory of %s at its peak: %s.", s.name, report.Size(peak)))
	}
	r.Facts = append(r.Facts, "A ratio is of times, ours to theirs: below 1, ours is faster.")
	return r.Write(o.results, o.name)
}
