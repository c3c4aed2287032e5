// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/mirror"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

const deadline = 20 * time.Second

// host is a host with a mirror under test.
type host struct {
	t      *testing.T
	docker *dockerd
	fabric *fabricFake
	model  *cnm.Controller
	store  kv.Store
	mirror *mirror.Mirror // that runs
	stop   func()
}

func newHost(t *testing.T) *host {
	t.Helper()
	return newHostWith(t, driver{})
}

func newHostWith(t *testing.T, d driver) *host {
	t.Helper()
	model := newModel(t, d)
	return &host{t: t, docker: newDockerd(model), fabric: newFabric(), model: model, store: newStore(t), stop: func() {}}
}

func newStore(t *testing.T) kv.Store {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// start runs a mirror; the one before it is stopped.
func (h *host) start() *host {
	h.t.Helper()
	h.stop()
	m, err := mirror.New(h.t.Context(), mirror.Config{
		Host: "h1", Docker: h.docker, Fabric: h.fabric, Model: h.model, Store: h.store,
		Log: slog.New(slog.DiscardHandler), StrangeAfter: time.Millisecond,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.mirror = m
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			h.t.Errorf("Run ended with %v", err)
		}
	})
	h.t.Cleanup(h.stop)
	return h
}

func (h *host) eventually(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("did not happen: %s\ndocker has %s, events: %q", what, h.docker.list(), h.fabric.reported())
		}
	}
}

func (h *host) shows(want string) {
	h.t.Helper()
	h.eventually("docker shows "+want, func() bool { return h.docker.list() == want })
}

func (h *host) reports(parts ...string) {
	h.t.Helper()
	h.eventually("an event with "+strings.Join(parts, " and "), func() bool {
		for _, event := range h.fabric.reported() {
			all := true
			for _, part := range parts {
				all = all && strings.Contains(event, part)
			}
			if all {
				return true
			}
		}
		return false
	})
}

func (h *host) bound(name string) {
	h.t.Helper()
	h.eventually(name+" is bound", func() bool {
		n, err := h.model.Network(h.docker.idOf(name))
		return err == nil && n.Bound() && n.Name == name
	})
}

// looks wakes the mirror until it has looked n more times.
func (h *host) looks(n int) {
	h.t.Helper()
	looks := func() int {
		h.fabric.mu.Lock()
		defer h.fabric.mu.Unlock()
		return h.fabric.looks
	}
	want := looks() + n
	h.eventually("the mirror looks", func() bool { h.docker.emit(); return looks() >= want })
}

func (h *host) userCreates(name, subnet string) {
	h.t.Helper()
	h.userTypes(name, subnet, nil, nil)
}

func (h *host) userTypes(name, subnet string, labels, options map[string]string) {
	h.t.Helper()
	o := mirror.CreateOptions(network(0, name, subnet))
	o.Labels, o.Options = labels, options
	if _, err := h.docker.create(h.t.Context(), name, o); err != nil {
		h.t.Fatal(err)
	}
}

func network(id linkspan.NetworkID, name, subnet string) linkspan.Network {
	n := linkspan.Network{ID: id, Name: name, Subnet: netip.MustParsePrefix(subnet)}
	n.ApplyDefaults()
	return n
}

func (h *host) fabricHas(networks ...linkspan.Network) {
	h.fabric.change(func() { h.fabric.networks = networks })
}
