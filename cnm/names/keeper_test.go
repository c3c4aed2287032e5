// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/names"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// model is a host's records: who is joined where.
type model struct {
	mu      sync.Mutex
	joined  map[string][]string // networks of Docker's, by path of the namespace
	changed chan struct{}
}

func (m *model) join(path string, networks ...string) {
	m.mu.Lock()
	if m.joined[path] = networks; networks == nil {
		delete(m.joined, path)
	}
	m.mu.Unlock()
	m.changed <- struct{}{}
}

func (m *model) Sandboxes() []cnm.Sandbox {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []cnm.Sandbox
	for path, networks := range m.joined {
		s := cnm.Sandbox{Key: path}
		for _, n := range networks {
			s.Endpoints = append(s.Endpoints, cnm.Endpoint{Network: n})
		}
		out = append(out, s)
	}
	return out
}

func (m *model) Network(id string) (cnm.Network, error) {
	switch id {
	case "docker-web":
		return cnm.Network{Fabric: web.Network}, nil
	case "docker-back":
		return cnm.Network{Fabric: back.Network}, nil
	case "unbound":
		return cnm.Network{}, nil
	}
	return cnm.Network{}, &linkspan.Error{Code: linkspan.NotFound}
}

func (m *model) Watch() (<-chan struct{}, func()) { return m.changed, func() {} }

// fabric knows the networks of the town.
type fabric struct{}

func (fabric) Network(id linkspan.NetworkID) (linkspan.Network, bool) {
	for _, s := range []names.Scope{web, back} {
		if s.Network == id {
			return linkspan.Network{ID: s.Network, Name: s.Name, Subnet: s.Subnet}, true
		}
	}
	return linkspan.Network{}, false
}

// keep runs a keeper until the test ends.
func keep(t *testing.T) (*model, *names.Keeper) {
	t.Helper()
	m := &model{joined: make(map[string][]string), changed: make(chan struct{})}
	k, err := names.New(names.Config{Model: m, Networks: fabric{}, Source: town(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		goleak.VerifyNone(t, goleak.IgnoreCurrent())
	})
	return m, k
}

// knows says whether a container is answered for a name by us.
func (c *container) knows(name string) bool {
	reply, err := c.ask("udp", ask(c.t, name, dnsmessage.TypeA))
	return err == nil && len(read(c.t, reply).Answers) > 0
}

func (c *container) redirected() bool { return strings.Contains(c.tables(), "linkspan-names") }

func TestKeeperFollowsTheModel(t *testing.T) {
	ovstest.Need(t, "nft")
	c1, c2 := newContainer(t), newContainer(t)
	m, k := keep(t)
	m.join(c1.path, "docker-web")
	m.join(c2.path, "docker-back", "unknown")
	ovstest.Eventually(t, "both are served", func() bool { return c1.knows("c2") && c2.knows("only-back") })
	ovstest.Eventually(t, "the state says so", func() bool { return k.State() == names.State{Served: 2} })
	if c1.knows("only-back") {
		t.Error("a container is answered for a network that it is not in")
	}
	m.join(c1.path, "docker-web", "docker-back")
	ovstest.Eventually(t, "it is answered for a second network", func() bool { return c1.knows("only-back") && c1.knows("c2") })
	m.join(c1.path, "unbound")
	ovstest.Eventually(t, "out of all networks it is let alone", func() bool { return !c1.redirected() })
	m.join(c2.path)
	ovstest.Eventually(t, "one that is gone is let alone", func() bool { return !c2.redirected() })
}

// Docker before version 28 makes the namespace after the driver's part, and
// mounts it over a file that is there already.
func TestKeeperWaitsForTheNamespace(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newContainer(t)
	m, _ := keep(t)
	path := filepath.Join(t.TempDir(), "key")
	m.join(path, "docker-web")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m.join("/nowhere", "docker-web") // and one that never comes
	if c.redirected() {
		t.Error("served before it is there")
	}
	bind(t, c.path, path)
	ovstest.Eventually(t, "it is served", func() bool { return c.knows("c1") })
	other := newContainer(t) // a container that was started anew, at the same path
	bind(t, other.path, path)
	m.join(path, "docker-web")
	ovstest.Eventually(t, "the new one is served", func() bool { return other.knows("c1") })
	ovstest.Eventually(t, "the old one is let go", func() bool { return !c.redirected() })
}

func bind(t *testing.T, from, to string) {
	t.Helper()
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(to, unix.MNT_DETACH) })
}

func TestKeeperClosesAllAtTheEnd(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newContainer(t)
	t.Run("while it runs", func(t *testing.T) {
		m, _ := keep(t)
		m.join(c.path, "docker-web")
		ovstest.Eventually(t, "it is served", func() bool { return c.knows("c1") })
	})
	ovstest.Eventually(t, "it is let alone", func() bool { return !c.redirected() })
}

func TestKeeperNeedsAllParts(t *testing.T) {
	if _, err := names.New(names.Config{}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("%v", err)
	}
}
