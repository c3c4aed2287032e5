// SPDX-License-Identifier: Apache-2.0

package remote_test

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/remote"
	ipam "github.com/linkspan/linkspan/cnm/ipam/remote"
	"github.com/linkspan/linkspan/cnm/plug"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPlugin(t *testing.T, folder, name string) *plug.Plugin {
	t.Helper()
	p := plug.New(plug.Options{Name: name, Folders: plug.Folders{Sockets: folder}})
	t.Cleanup(p.Close)
	return p
}

// ours serves the bridge driver as a plugin of that name.
func ours(t *testing.T, folder string) {
	t.Helper()
	store := memory.New()
	c, err := cnm.New(cnm.Options{Store: store, Drivers: map[string]cnm.Driver{"bridge": bridge.New(bridge.Options{})}})
	must(t, err)
	l, err := docker.Listen(filepath.Join(folder, "ours.sock"))
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	s := docker.New(docker.Options{Controller: c, Name: "ours", Driver: "bridge", IPv6: true, OneHost: true, OwnWayOut: true})
	go func() { served <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-served)
		for _, e := range c.Endpoints() {
			must(t, c.DeleteEndpoint(context.WithoutCancel(t.Context()), e.Network, e.ID))
		}
		for _, n := range c.Networks() {
			must(t, c.DeleteNetwork(context.WithoutCancel(t.Context()), n.ID))
		}
		_ = store.Close()
	})
}

// python serves a plugin that shares nothing with ours.
func python(t *testing.T, folder string) {
	t.Helper()
	ovstest.Need(t, "python3", "ip")
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "python3", "../../../test/pyplugin/plugin.py", filepath.Join(folder, "python.sock"))
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		links, err := kernel.List(context.WithoutCancel(t.Context()), "pyb", "pyh")
		must(t, err)
		for _, l := range links { // of tests that leave things behind on purpose
			ovstest.IP(t, "link", "delete", l.Attrs().Name)
		}
	})
}

// plugins are those that every test is run with.
func plugins() map[string]func(*testing.T, string) {
	return map[string]func(*testing.T, string){"ours": ours, "python": python}
}

func TestConformance(t *testing.T) {
	for name, start := range plugins() {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, func(t *testing.T) drivertest.Fixture {
				ovstest.Need(t)
				folder := t.TempDir()
				start(t, folder)
				open := func() cnm.Driver { return remote.New(remote.Options{Plugin: newPlugin(t, folder, name)}) }
				return drivertest.Fixture{
					Driver: open(), Restart: open, Remote: true,
					Traces: func() []string { return traces(t) },
				}
			})
		})
	}
}

func traces(t *testing.T) []string {
	t.Helper()
	links, err := kernel.List(t.Context(), "lbr-", "lbv-", "lbp-", "pyb", "pyh", "pyc")
	must(t, err)
	var found []string
	for _, l := range links {
		found = append(found, l.Attrs().Name)
	}
	return found
}

func TestContainersOfAPluginReachEachOther(t *testing.T) {
	for name, start := range plugins() {
		t.Run(name, func(t *testing.T) {
			ovstest.Need(t)
			folder := t.TempDir()
			start(t, folder)
			h := drivertest.NewHost(t, name, remote.New(remote.Options{Plugin: newPlugin(t, folder, name)}))
			n := h.Net(cnm.NetworkSpec{Name: "web"})
			a, b := h.Box("a", n), h.Box("b", n)
			b.Serve(80)
			a.WantReach(b.Address(0), 80, a.Address(0).String())
			if _, err := drivertest.Dial(b.Address(0), 80, drivertest.Patience); err != nil {
				t.Errorf("the host to its container: %v", err)
			}
		})
	}
}

// The plugin's IPAM gives the addresses, and hears of every release.
func TestTheIPAMOfAPlugin(t *testing.T) {
	ovstest.Need(t)
	folder := t.TempDir()
	python(t, folder)
	p := newPlugin(t, folder, "python")
	c, err := cnm.New(cnm.Options{
		Store: memory.New(), Sandboxes: filepath.Join(folder, "netns"),
		Drivers: map[string]cnm.Driver{"python": remote.New(remote.Options{Plugin: p})},
		IPAMs:   map[string]cnm.IPAM{"python": ipam.New(ipam.Options{Plugin: p})},
	})
	must(t, err)
	for range 2 { // the second time finds everything released
		n, err := c.NewNetwork(t.Context(), cnm.NetworkSpec{
			Name: "web", Driver: "python", IPAM: "python", Subnets: []cnm.SubnetSpec{{Subnet: netip.MustParsePrefix("10.7.0.0/29")}},
			AuxAddresses: map[string]netip.Addr{"nas": netip.MustParseAddr("10.7.0.2")},
		})
		must(t, err)
		if n.Space != "py" || n.Gateway.String() != "10.7.0.1" {
			t.Errorf("network is %+v", n)
		}
		var last cnm.Endpoint
		for i := range 4 {
			if last, err = c.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: n.ID}); err != nil {
				t.Fatalf("endpoint %d: %v", i, err)
			}
		}
		if _, err := c.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: n.ID}); err == nil || !strings.Contains(err.Error(), "no address is free") {
			t.Errorf("a fifth of four: got %v", err)
		}
		must(t, c.DeleteEndpoint(t.Context(), n.ID, last.ID))
		again, err := c.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: n.ID})
		must(t, err)
		if again.Address != last.Address {
			t.Errorf("got %s, want the one that was released, %s", again.Address, last.Address)
		}
		for e := range c.WalkEndpoints(n.ID) {
			must(t, c.DeleteEndpoint(t.Context(), n.ID, e.ID))
		}
		must(t, c.DeleteNetwork(t.Context(), n.ID))
	}
}

// A plugin that is away holds nothing up for ever, and hears of removals later.
func TestRemovalsReachAPluginThatWasAway(t *testing.T) {
	ovstest.Need(t)
	folder := t.TempDir()
	ours(t, folder)
	p := plug.New(plug.Options{Name: "ours", Folders: plug.Folders{Sockets: folder}, Patience: time.Millisecond})
	defer p.Close()
	h := drivertest.NewHost(t, "ours", remote.New(remote.Options{Plugin: p}))
	n := h.Net(cnm.NetworkSpec{Name: "web"})
	must(t, os.Rename(filepath.Join(folder, "ours.sock"), filepath.Join(folder, "away")))
	p.Close() // forgets its connection
	must(t, h.DeleteNetwork(t.Context(), n.ID))
	if len(traces(t)) == 0 {
		t.Error("the network went without its plugin")
	}
	must(t, os.Rename(filepath.Join(folder, "away"), filepath.Join(folder, "ours.sock")))
	ovstest.Eventually(t, "the plugin has removed the network", func() bool {
		h.Maintain(t.Context())
		return len(traces(t)) == 0
	})
}

func TestThePluginsWordsArePassedOn(t *testing.T) {
	ovstest.Need(t)
	folder := t.TempDir()
	ours(t, folder)
	h := drivertest.NewHost(t, "ours", remote.New(remote.Options{Plugin: newPlugin(t, folder, "ours")}))
	_, err := h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "web", Driver: "ours", Options: map[string]string{"colour": "red"}})
	if err == nil || !strings.Contains(err.Error(), "unknown option colour") {
		t.Errorf("got %v", err)
	}
	if len(h.Networks())+len(h.Pools()) > 0 {
		t.Errorf("left are %v, %v", h.Networks(), h.Pools())
	}
	gone := drivertest.NewHost(t, "none", remote.New(remote.Options{Plugin: plug.New(plug.Options{
		Name: "none", Folders: plug.Folders{Sockets: folder}, Patience: time.Millisecond,
	})}))
	_, err = gone.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "web", Driver: "none"})
	if linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a plugin that is not there: got %v", err)
	}
}
