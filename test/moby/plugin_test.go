// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// serial makes names of plugins: Docker's table keeps each for ever.
var serial atomic.Int32

// plugin is our server on its socket, with a fabric in memory behind it, and
// what Docker has of it.
type plugin struct {
	t      *testing.T
	name   string
	socket string
	world  *cnmtest.World
	c      *cnm.Controller
	proxies

	before func(http.Handler) http.Handler // stands before the server; nil: nothing
	stop   func()

	mu    sync.Mutex
	asked []string // operations in their order, with the result of those that failed
}

// newPlugin serves a plugin that Docker has found.
func newPlugin(t *testing.T) *plugin {
	t.Helper()
	p := preparePlugin(t)
	p.start()
	p.proxies = find(t, p.name)
	return p
}

func preparePlugin(t *testing.T) *plugin {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	p := &plugin{
		t: t, name: fmt.Sprintf("linkspan-%d", serial.Add(1)), socket: filepath.Join(t.TempDir(), "plugin.sock"),
		world: cnmtest.NewWorld(store),
	}
	announce(t, p.name, p.socket)
	t.Cleanup(func() { p.stop() })
	return p
}

// start starts everything of ours, as a new process would.
func (p *plugin) start() {
	p.t.Helper()
	c, err := p.world.Open()
	if err != nil {
		p.t.Fatal(err)
	}
	p.c = c
	p.serve(docker.Options{Controller: c, Name: p.name, Driver: "hotplug", IPAM: "pool", IPv6: true, IPv4: true})
}

func (p *plugin) serve(o docker.Options) {
	p.t.Helper()
	o.Limit, o.Observe = 20*time.Second, p.observe
	listener, err := docker.Listen(p.socket)
	if err != nil {
		p.t.Fatal(err)
	}
	ours := docker.New(o)
	if p.before != nil {
		server := &http.Server{Handler: p.before(ours), ReadHeaderTimeout: 20 * time.Second}
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		p.stop = func() { p.stopped(server.Close(), <-done) }
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	done := make(chan error, 1)
	go func() { done <- ours.Serve(ctx, listener) }()
	p.stop = func() { cancel(); p.stopped(<-done) }
}

func (p *plugin) stopped(errs ...error) {
	p.stop = func() {}
	for _, err := range errs {
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			p.t.Errorf("serve: %v", err)
		}
	}
}

func (p *plugin) observe(operation, result string, _ time.Duration) {
	if result != "ok" {
		operation += " " + result
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, operation)
}

// heard returns what was asked since it was called last.
func (p *plugin) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Clone(p.asked)
	p.asked = nil
	return list
}

// left fails the test when there is not just that much.
func (p *plugin) left(networks, endpoints, addresses int) {
	p.t.Helper()
	ports, err := p.world.Bridge.Ports(p.t.Context())
	links, linkErr := p.world.Links.List(p.t.Context(), "l")
	if err = errors.Join(err, linkErr); err != nil {
		p.t.Fatal(err)
	}
	got := []int{len(p.c.Networks()), len(p.c.Endpoints()), len(p.world.Fabric.Held())}
	if want := []int{networks, endpoints, addresses}; !slices.Equal(got, want) {
		p.t.Errorf("networks, endpoints and addresses are %v, want %v", got, want)
	}
	if endpoints == 0 && len(ports)+len(links) > 0 {
		p.t.Errorf("left are ports %v and links %v", ports, links)
	}
}
