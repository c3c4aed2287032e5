// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/registry/rpc"
	"github.com/linkspan/linkspan/registry/server"
	"github.com/linkspan/linkspan/registry/token"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/bbolt"
	"github.com/linkspan/linkspan/trust/audit"
)

const (
	maxConnections = 2048
	pushEnd        = 10 * time.Second // for what is being pushed and pulled when the role ends
)

// depot is everything that a registry runs.
type depot struct {
	role    *registryRole
	store   kv.Store
	audit   *audit.Log
	events  rpc.Events
	catalog *catalog.Catalog
	server  *server.Server
	api     *rpc.Server
	tls     *tls.Config
}

// run runs the role until ctx ends; it calls ready with the address once it answers.
func (c *registryRole) run(ctx context.Context, ready func(address string)) (err error) {
	if c.data, err = filepath.Abs(c.data); err != nil {
		return err
	}
	if err := os.MkdirAll(c.images(), 0o700); err != nil {
		return err
	}
	d := &depot{role: c}
	if d.store, err = bbolt.Open(filepath.Join(c.data, "registry.db")); err != nil {
		return fmt.Errorf("open the registry's state: %w", err)
	}
	err = d.open(ctx)
	if err == nil {
		err = d.serve(ctx, ready)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, d.close())
}

// open makes the parts, the state is open already.
func (d *depot) open(ctx context.Context) (err error) {
	c := d.role
	if d.audit, err = audit.Open(audit.Options{Dir: filepath.Join(c.data, "audit")}); err != nil {
		return err
	}
	d.write(audit.Entry{Kind: audit.Start, Text: fmt.Sprintf("linkspan %s registry, process %d", version, os.Getpid())})
	issuer, err := token.Open(filepath.Join(c.data, "token"), time.Now)
	if err != nil {
		return err
	}
	if d.tls, err = c.serverTLS(ctx); err != nil {
		return err
	}
	if d.catalog, err = catalog.Open(ctx, c.images()); err != nil {
		return err
	}
	users := account.NewBook(d.store, rand.Reader, time.Now)
	d.server, err = server.New(context.WithoutCancel(ctx), server.Config{
		Dir: c.images(), Catalog: d.catalog, Users: users, Tokens: issuer, Services: c.services, Store: d.store, Reserve: int64(c.reserve),
		Check: c.check, Audit: d.write, Event: d.events.Add, Log: c.log,
	})
	if err != nil {
		return err
	}
	d.api = rpc.New(rpc.Config{Registry: d.server, Catalog: d.catalog, Users: users, Events: &d.events, Audit: d.write, Log: c.log})
	return nil
}

// write appends to the audit log. That it cannot be written is said in the log.
func (d *depot) write(e audit.Entry) {
	if _, err := d.audit.Append(e); err != nil {
		d.role.log.Error("the audit log cannot be written", "error", err)
	}
}

func (d *depot) close() error {
	var errs []error
	if d.server != nil {
		errs = append(errs, d.server.Close())
	}
	if d.audit != nil {
		errs = append(errs, d.audit.Close())
	}
	return errors.Join(append(errs, d.store.Close())...)
}

// serve serves until ctx ends.
func (d *depot) serve(ctx context.Context, ready func(address string)) error {
	c := d.role
	if len(c.subnets) == 0 {
		c.log.Warn("clients of every subnet are served; --management-subnet names those that may come")
	}
	plain, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	local, err := listenLocal(ctx, c.socket)
	if err != nil {
		return errors.Join(err, plain.Close())
	}
	limited := netutil.LimitListener(d.server.Guard(plain, c.subnets), maxConnections)
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return d.serveImages(ctx, tls.NewListener(limited, d.tls)) })
	parts.Go(func() error { return serveHTTP(ctx, c.log, local, d.local()) })
	parts.Go(func() error { return d.announce(ctx, plain.Addr()) })
	c.probe.Is(d.checks)
	ready(plain.Addr().String())
	return parts.Wait()
}

// local is what root of this host reaches.
func (d *depot) local() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", d.api.Local())
	return mux
}

// remote is what is reached over TLS.
func (d *depot) remote(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v2/", d.server)
	mux.Handle("GET /token", d.server.Tokens())
	api := endingStreams(ctx, d.api.Remote())
	for _, service := range rpc.Services() {
		mux.Handle("/"+service+"/", api)
	}
	return mux
}

// serveImages is [serveHTTP] with time for pushes and pulls to end.
func (d *depot) serveImages(ctx context.Context, l net.Listener) error {
	s := &http.Server{
		Handler: d.remote(ctx), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(d.role.log.Handler(), slog.LevelDebug), // anybody can cause these
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerStream: streamBuffer, MaxReceiveBufferPerConnection: 4 * streamBuffer},
	}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushEnd)
		defer cancel()
		err := s.Shutdown(patience)
		if err != nil { // who pushed repeats it
			err = s.Close()
		}
		ended <- err
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

const (
	maxStreams   = 64      // requests of one connection at once
	streamBuffer = 1 << 20 // bytes of a request that wait to be read
)

// checks says whether the registry is ready.
func (d *depot) checks(ctx context.Context) []metrics.Check {
	_, _, err := d.store.List(ctx, "ready/")
	full := d.server.Writable()
	disk := metrics.Verdict("disk", nil, "has room")
	if full != nil {
		disk = metrics.Check{Part: "disk", State: metrics.Degraded, Found: full.Error()}
	}
	return []metrics.Check{metrics.Verdict("state", err, "answers"), disk}
}

// announced returns the name under which this registry is announced, or nothing.
func (c *registryRole) announced() (string, error) {
	if c.announce == "-" {
		return "", nil
	}
	if c.announce != "" {
		return c.announce, linkspan.ValidateName("registry", c.announce)
	}
	return os.Hostname()
}
