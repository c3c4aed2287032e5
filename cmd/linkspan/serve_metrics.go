// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"net"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/metrics"
)

// Where each process serves its page, unless told otherwise: on loopback, as it
// asks nobody who he is.
const (
	controllerPage = "127.0.0.1:9443"
	switchPage     = "127.0.0.1:9444"
)

// observing is how a process is observed.
type observing struct {
	address string
	page    *metrics.Page
}

// observed is what a role needs to be seen on the page of its process.
type observed struct {
	page  *metrics.Page
	probe *metrics.Probe
}

func newObserving() observing { return observing{page: metrics.NewPage(version)} }

func (o *observing) addFlags(f *pflag.FlagSet, address string) {
	f.StringVar(&o.address, "metrics", address, "serve /metrics, /healthz and /readyz at this `address`, without authentication; empty: do not")
}

// role adds a role to the page.
func (o *observing) role(name string) observed { return observed{o.page, o.page.Expect(name)} }

// during serves the page while run runs, and returns what run does.
func (o *observing) during(ctx context.Context, log *slog.Logger, run func(context.Context) error) error {
	if o.address == "" {
		return run(ctx)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.address)
	if err != nil { // whoever has that port must not keep the role from running
		log.Warn("no metrics are served", "address", o.address, "error", err)
		return run(ctx)
	}
	parts, ctx := errgroup.WithContext(ctx)
	ctx, cancel := context.WithCancel(ctx)
	parts.Go(func() error { return serveHTTP(ctx, log, l, o.page) })
	parts.Go(func() error {
		defer cancel()
		return run(ctx)
	})
	return parts.Wait()
}
