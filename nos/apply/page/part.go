// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// headerTime is how long a client may take to say what it wants.
const headerTime = 10 * time.Second

// Options are what a part needs.
type Options struct {
	Handler http.Handler
	Log     *slog.Logger // slog.Default if nil
}

// Part serves the page. Any number of goroutines may use it.
type Part struct {
	options Options
	serving sync.WaitGroup

	mu     sync.Mutex
	at     string // host:port; empty: it is not served
	server *http.Server
}

var _ config.Host = (*Part)(nil)

// New returns the part. It is closed by Close.
func New(o Options) *Part {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Part{options: o}
}

// Close ends what is served.
func (p *Part) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end()
}

// where returns host:port where the page is to be; empty for nowhere.
func where(t *tree.Tree) string {
	if t == nil {
		return ""
	}
	enabled, _ := t.Get("metrics", "enabled") // the schema has all three
	address, _ := t.Get("metrics", "address")
	port, _ := t.Get("metrics", "port")
	if enabled != "true" {
		return ""
	}
	return net.JoinHostPort(address, port)
}

// Plan says where the page is served.
func (p *Part) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	return &plan{part: p, was: where(old), is: where(new), unknown: old == nil}, nil
}

type plan struct {
	part    *Part
	was, is string
	unknown bool   // it is not known where the page is
	before  string // where it was when the plan was applied
}

// idle says that the plan is not about the page: that it is not where it should be keeps
// nobody from changing something else.
func (p *plan) idle() bool { return p.was == p.is && !p.unknown }

// Steps says where the page goes.
func (p *plan) Steps() []string {
	switch {
	case p.was == p.is:
		return nil
	case p.is == "":
		return []string{"serve no metrics"}
	}
	return []string{"serve metrics at " + p.is}
}

// Apply serves the page there; when it cannot be, it is where it was.
func (p *plan) Apply(ctx context.Context) error {
	if p.before = p.part.served(); p.idle() {
		return nil
	}
	return p.part.serve(ctx, p.is)
}

// Verify says whether the page is there.
func (p *plan) Verify(context.Context) error {
	if at := p.part.served(); at != p.is && !p.idle() {
		return fmt.Errorf("metrics are served at %q and not at %q", at, p.is)
	}
	return nil
}

// Undo serves the page where it was.
func (p *plan) Undo(ctx context.Context) error {
	if p.idle() {
		return nil
	}
	return p.part.serve(ctx, p.before)
}

// Drift returns where the page is if it is not where it should be.
func (p *Part) Drift(_ context.Context, t *tree.Tree) ([]config.Drift, error) {
	if at, want := p.served(), where(t); at != want {
		return []config.Drift{{Path: []string{"metrics"}, Want: want, Have: at}}, nil
	}
	return nil, nil
}

func (p *Part) served() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// serve serves the page at an address and nowhere else. The old one ends before, as both
// may be the same port.
func (p *Part) serve(ctx context.Context, at string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at == p.at {
		return nil
	}
	before := p.at
	if err := p.end(); err != nil {
		p.options.Log.Warn("metrics were served until now", slog.Any("error", err))
	}
	err := p.begin(ctx, at)
	if err == nil {
		return nil
	}
	if wrong := p.begin(context.WithoutCancel(ctx), before); wrong != nil {
		p.options.Log.Warn("metrics are no longer served", slog.Any("error", wrong))
	}
	return fmt.Errorf("serve metrics: %w", err)
}

// begin is called with the lock held.
func (p *Part) begin(ctx context.Context, at string) error {
	if at == "" {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: p.options.Handler, ReadHeaderTimeout: headerTime, ErrorLog: slog.NewLogLogger(p.options.Log.Handler(), slog.LevelDebug)}
	p.at, p.server = at, server
	p.serving.Go(func() { _ = server.Serve(l) }) // it ends with the server
	return nil
}

// end is called with the lock held.
func (p *Part) end() error {
	if p.server == nil {
		return nil
	}
	err := p.server.Close()
	p.serving.Wait()
	p.at, p.server = "", nil
	return err
}
