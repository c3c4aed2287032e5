// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/cnm/mirror"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func inside(t *testing.T) {
	prepare(t)
	model, fabric, store := newModel(t, driver{links: true}), newFabric(), memory.New()
	servePlugin(t, model)
	e := newEngine(t)
	seen := mirror.NewEngine(e.host)
	defer seen.Close()
	m, err := mirror.New(t.Context(), mirror.Config{
		Host: "h1", Docker: seen, Fabric: fabric, Model: model, Store: store, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	defer func() { cancel(); <-done }()

	s := &story{e: e, model: model, fabric: fabric}
	t.Run("a network of the fabric appears", s.appears)
	t.Run("docker network rm is undone", s.undone)
	t.Run("docker network create reaches the fabric", s.proposed)
	t.Run("another subnet under the same name is removed", s.refused)
	t.Run("a network of another driver has the name", s.hidden)
	t.Run("containers are named", s.named)
	t.Run("dockerd is restarted", s.restarted)
	t.Run("a network removed from the fabric goes", s.removed)
	t.Run("compose finds its network", s.composed)
	if t.Failed() {
		t.Log(e.log())
	}
}

// servePlugin gives dockerd the driver that the product gives it.
func servePlugin(t *testing.T, model *cnm.Controller) {
	t.Helper()
	listener, err := docker.Listen("/run/docker/plugins/" + mirror.Driver + ".sock")
	if err != nil {
		t.Fatal(err)
	}
	server := docker.New(docker.Options{Controller: model, Name: mirror.Driver, Driver: "hotplug", IPAM: "pool"})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// story is told by the tests below, in their order.
type story struct {
	e      *engine
	model  *cnm.Controller
	fabric *fabricFake
}

func (s *story) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not happen: %s; events: %q", what, s.fabric.reported())
		}
	}
}

func (s *story) bound(name string) func() bool {
	return func() bool {
		n, err := s.model.Network(s.e.find(name))
		return err == nil && n.Bound() && n.Name == name
	}
}

func (s *story) reported(parts ...string) func() bool {
	return func() bool {
		for _, event := range s.fabric.reported() {
			all := true
			for _, part := range parts {
				all = all && strings.Contains(event, part)
			}
			if all {
				return true
			}
		}
		return false
	}
}

func (s *story) appears(t *testing.T) {
	web := network(1, "web", "10.7.0.0/24")
	web.Labels, web.Range, web.MTU = map[string]string{"tier": "front"}, netip.MustParsePrefix("10.7.0.128/25"), 1400
	s.fabric.change(func() { s.fabric.networks = []linkspan.Network{web} })
	s.eventually(t, "web appears and is bound", s.bound("web"))
	got, err := s.e.NetworkInspect(t.Context(), "web", client.NetworkInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n := got.Network
	if n.Labels["tier"] != "front" || n.Labels[mirror.LabelNetwork] != "000001" || len(n.Options) != 0 || len(n.IPAM.Options) != 0 ||
		n.IPAM.Config[0].Subnet != web.Subnet || n.IPAM.Config[0].Gateway != web.Gateway || n.IPAM.Config[0].IPRange != web.Range {
		t.Errorf("docker has %+v", n)
	}
}

func (s *story) undone(t *testing.T) {
	id := s.e.find("web")
	if _, err := s.e.NetworkRemove(t.Context(), id, client.NetworkRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "web is back", func() bool { now := s.e.find("web"); return now != "" && now != id })
	s.eventually(t, "the event", s.reported("network.restored web", "linkspan network rm web"))
	s.eventually(t, "web is bound", s.bound("web"))
}

func (s *story) proposed(t *testing.T) {
	s.e.create(t, "shop", "10.7.0.0/24")
	s.eventually(t, "shop is bound", s.bound("shop"))
	for _, n := range s.fabric.Networks() {
		if n.Name == "shop" && n.Labels["tier"] == "front" {
			return
		}
	}
	t.Errorf("the fabric has %+v", s.fabric.Networks())
}

func (s *story) refused(t *testing.T) {
	id := s.e.find("web")
	// The fabric gets a network while this host's dockerd has another of the name.
	s.fabric.mu.Lock()
	s.fabric.connected = false
	s.fabric.networks = append(s.fabric.networks, network(9, "mail", "10.20.0.0/24"))
	s.fabric.mu.Unlock()
	s.e.create(t, "mail", "10.21.0.0/24")
	wrong := s.e.find("mail")
	s.fabric.change(func() { s.fabric.connected = true })
	s.eventually(t, "the event", s.reported("network.refused mail", "10.20.0.0/24"))
	s.eventually(t, "the fabric's mail takes its place", func() bool { now := s.e.find("mail"); return now != "" && now != wrong })
	s.eventually(t, "mail is bound", s.bound("mail"))
	if s.e.find("web") != id {
		t.Error("another network was touched")
	}
}

func (s *story) hidden(t *testing.T) {
	if _, err := s.e.NetworkCreate(t.Context(), "lan", client.NetworkCreateOptions{Driver: "bridge"}); err != nil {
		t.Skip("dockerd makes no bridge network here: ", err)
	}
	s.fabric.change(func() { s.fabric.networks = append(s.fabric.networks, network(12, "lan", "10.22.0.0/24")) })
	s.eventually(t, "the event", s.reported("network.refused lan", "driver bridge"))
	if _, err := s.e.NetworkRemove(t.Context(), "lan", client.NetworkRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "lan is bound", s.bound("lan"))
}

func (s *story) container(name string) func() bool {
	return func() bool {
		for _, e := range s.model.Endpoints() {
			if e.Container == name && e.Labels["app"] == "shop" {
				return true
			}
		}
		return false
	}
}

// A container started right after docker network create asks for an address
// before the network is bound, and holds dockerd's locks meanwhile.
func (s *story) named(t *testing.T) {
	if !s.e.load(t) {
		t.Skip("needs Debian's package busybox-static, for an image")
	}
	s.e.create(t, "fresh", "10.7.0.0/24")
	s.e.run(t, "c1", "fresh")
	s.eventually(t, "the endpoint is named c1", s.container("c1"))
	if _, err := s.e.ContainerRename(t.Context(), "c1", client.ContainerRenameOptions{NewName: "c2"}); err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "the endpoint is named c2", s.container("c2"))
	if _, err := s.e.ContainerRemove(t.Context(), "c2", client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "the endpoint is gone", func() bool { return len(s.model.Endpoints()) == 0 })
}

func (s *story) restarted(t *testing.T) {
	s.e.stop()
	s.fabric.change(func() { s.fabric.networks = append(s.fabric.networks, network(20, "late", "10.23.0.0/24")) })
	s.e.start()
	s.eventually(t, "late is bound", s.bound("late"))
	if _, err := s.e.NetworkRemove(t.Context(), "late", client.NetworkRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "the event", s.reported("network.restored late")) // the new event stream works
}

func (s *story) removed(t *testing.T) {
	s.fabric.change(func() { s.fabric.networks = nil })
	s.eventually(t, "docker has no network of ours", func() bool {
		list, err := s.e.NetworkList(t.Context(), client.NetworkListOptions{Filters: make(client.Filters).Add("driver", mirror.Driver)})
		return err == nil && len(list.Items) == 0
	})
	s.eventually(t, "nothing is left of them", func() bool {
		return len(s.model.Networks()) == 0 && len(s.model.Pools()) == 0 && len(s.model.Leases()) == 0
	})
}
