// SPDX-License-Identifier: Apache-2.0

// Package rpctest is a switch for tests: it serves the API of its configuration on a
// local socket, its host does as it is told, and callers are whom they say.
//
//	w := rpctest.New(t)
//	client := w.As(t, "operator")
package rpctest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// Host does as it is told.
type Host struct{ Drifted []config.Drift }

var _ config.Host = Host{}

// Plan implements the interface: each command is a step.
func (Host) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	p := plan{}
	if old != nil {
		for _, e := range tree.Diff(old, new) {
			p.steps = append(p.steps, e.Command(tree.Hide))
		}
	}
	return p, nil
}

// Drift implements the interface.
func (h Host) Drift(context.Context, *tree.Tree) ([]config.Drift, error) { return h.Drifted, nil }

type plan struct{ steps []string }

func (p plan) Steps() []string            { return p.steps }
func (plan) Apply(context.Context) error  { return nil }
func (plan) Verify(context.Context) error { return nil }
func (plan) Undo(context.Context) error   { return nil }

// Book is an audit log in memory.
type Book struct {
	mu      sync.Mutex
	entries []audit.Entry
}

// Append implements rpc.Auditor.
func (b *Book) Append(e audit.Entry) (audit.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
	return audit.Record{Entry: e}, nil
}

// Entries returns what was written down.
func (b *Book) Entries() []audit.Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.entries)
}

// World is a switch that serves its API.
type World struct {
	Manager *config.Manager
	Audit   *Book
	Options rpc.Options
	Socket  string
}

// asHeader tells the test's server who calls: name and role.
const asHeader = "Test-As"

// New serves until the test ends. Options may be changed before.
func New(t testing.TB, change ...func(*rpc.Options)) *World {
	t.Helper()
	base, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	disk, err := config.OpenDirectory(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m, err := config.Open(config.Options{Disk: disk, Host: Host{}, Schema: base, BootID: "one", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	vlan := show.Item{Name: "vlan", Help: "VLANs", Args: []show.Arg{{Name: "vlan", Help: "Only this one", Values: func(context.Context) []string { return []string{"10", "20"} }}},
		Show: func(_ context.Context, args []string) (show.Report, error) {
			return show.Report{Tables: []show.Table{{Name: "vlans", Columns: []string{"vlan", "ports"}, Rows: [][]any{{10, []string{"eth1"}}}}}}, nil
		}}
	secret := show.Item{Name: "audit", Help: "Audit log", Act: string(access.Audit), Show: func(context.Context, []string) (show.Report, error) { return show.Report{}, nil }}
	shows, err := show.NewCatalogue(append(rpc.Items(m), vlan, secret)...)
	if err != nil {
		t.Fatal(err)
	}
	w := &World{Manager: m, Audit: &Book{}, Socket: filepath.Join(t.TempDir(), "api.sock")}
	w.Options = rpc.Options{Manager: m, Shows: shows, Audit: w.Audit, Log: slog.New(slog.DiscardHandler),
		Hostname: func() (string, error) { return "linkspan", nil }, Interfaces: func(context.Context) []string { return []string{"eth0", "eth1"} }}
	for _, c := range change {
		c(&w.Options)
	}
	w.serve(t)
	t.Cleanup(func() { disk.Close() })
	return w
}

// serve serves until the test ends.
func (w *World) serve(t testing.TB) {
	t.Helper()
	mux := http.NewServeMux()
	rpc.New(w.Options).Mount(mux)
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", w.Socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	s := &http.Server{Protocols: new(http.Protocols), BaseContext: func(net.Listener) context.Context { return ctx }} //nolint:gosec // a test
	s.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rctx := r.Context()
		if as := r.Header.Get(asHeader); as != "" {
			rctx = rpc.WithCaller(rctx, rpc.Caller{User: access.User{Name: as, Role: trust.Role(as)}, How: "api"})
		}
		mux.ServeHTTP(rw, r.WithContext(rctx))
	})
	s.Protocols.SetUnencryptedHTTP2(true)
	s.Protocols.SetHTTP1(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l) // it is closed
	}()
	t.Cleanup(func() {
		end()
		s.Close()
		<-ended
		os.Remove(w.Socket)
	})
}

// As returns a client of a user, who is named after the role.
func (w *World) As(t testing.TB, role string) *api.Client {
	t.Helper()
	transport := api.UnixTransport(w.Socket)
	c := api.NewClient(&http.Client{Transport: w.Pretend(transport, role)}, "http://switch")
	t.Cleanup(transport.CloseIdleConnections)
	return c
}

// Pretend returns a way over which all requests are of a user, who is named after the role; of
// nobody if it is empty.
func (*World) Pretend(next http.RoundTripper, role string) http.RoundTripper {
	return impostor{next, role}
}

type impostor struct {
	next http.RoundTripper
	as   string
}

func (i impostor) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(asHeader, i.as)
	return i.next.RoundTrip(r)
}
