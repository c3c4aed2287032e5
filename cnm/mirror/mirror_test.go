// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/mirror"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNetworkAppearsAndGoes(t *testing.T) {
	h := newHost(t).start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"), network(2, "db", "10.7.0.0/24"))
	h.shows("[db web]")
	h.bound("web")
	h.bound("db")
	h.fabricHas(network(2, "db", "10.7.0.0/24"))
	h.shows("[db]")
	if events := h.fabric.reported(); len(events) != 0 {
		t.Errorf("events of ordinary changes: %q", events)
	}
	h.stop()
}

func TestDockerNetworkRmIsUndone(t *testing.T) {
	h := newHost(t).start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.shows("[web]")
	h.bound("web")
	for _, running := range []bool{true, false} { // also while the switch is away
		id := h.docker.idOf("web")
		if !running {
			h.stop()
		}
		if err := h.docker.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if !running {
			h.start()
		}
		h.eventually("web is back", func() bool { now := h.docker.idOf("web"); return now != "" && now != id })
		h.bound("web")
	}
	h.reports("network.restored web", "removed on h1 by docker network rm", "linkspan network rm web")
	h.eventually("two events", func() bool { return len(h.fabric.reported()) == 2 })
}

func TestDockerNetworkCreateReachesTheFabric(t *testing.T) {
	h := newHost(t).start()
	h.userCreates("web", "10.7.0.0/24")
	h.bound("web")
	if got := h.fabric.Networks(); len(got) != 1 || got[0].Name != "web" {
		t.Errorf("the fabric has %+v", got)
	}
}

func TestProposalIsRepeatedWhileTheControllerIsAway(t *testing.T) {
	h := newHost(t)
	h.fabric.fault = &linkspan.Error{Code: linkspan.Unavailable, Message: "the controller is away"}
	h.start()
	h.userCreates("web", "10.7.0.0/24")
	h.bound("web")
	if events := h.fabric.reported(); len(events) != 0 {
		t.Errorf("events: %q", events)
	}
}

func TestEqualNetworkIsAdopted(t *testing.T) {
	h := newHost(t)
	h.userCreates("web", "10.7.0.0/24")
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	id := h.docker.idOf("web")
	h.start()
	h.bound("web")
	if n, err := h.model.Network(id); err != nil || n.Fabric != 7 {
		t.Errorf("bound to %v: %v", n.Fabric, err)
	}
}

func TestOtherSubnetIsRefused(t *testing.T) {
	h := newHost(t)
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	h.userCreates("web", "10.8.0.0/24")
	id := h.docker.idOf("web")
	pool := h.model.Pools()[0].ID
	waited := make(chan error, 1)
	go func() { // a container that was started at once waits for the network's place
		_, err := h.model.RequestAddress(t.Context(), cnm.AddressWish{Pool: pool})
		waited <- err
	}()
	h.start()
	h.eventually("the fabric's web takes its place", func() bool { now := h.docker.idOf("web"); return now != "" && now != id })
	h.bound("web")
	h.reports("network.refused web", "removed on h1", "10.7.0.0/24", "linkspan network inspect web")
	if err := <-waited; err == nil || !strings.Contains(err.Error(), "10.7.0.0/24") && linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("the waiting container was told %v", err)
	}
}

func TestNetworkInUseIsRemovedWhenItIsFree(t *testing.T) {
	h := newHost(t).start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.shows("[web]")
	h.bound("web")
	h.docker.change(func() { h.docker.busy = true })
	h.fabricHas()
	h.reports("network.refused web", "cannot be removed on h1 while a container hangs on it")
	h.looks(3)
	h.docker.change(func() { h.docker.busy = false })
	h.shows("[]")
	if events := h.fabric.reported(); len(events) != 1 {
		t.Errorf("events: %q", events)
	}
}

func TestNothingIsTouchedWithoutTheFabric(t *testing.T) {
	h := newHost(t)
	h.userCreates("web", "10.7.0.0/24")
	h.fabric.connected = false
	h.start()
	h.looks(5)
	h.docker.mu.Lock()
	calls := h.docker.calls
	h.docker.mu.Unlock()
	if h.docker.list() != "[web]" || calls > 1 { // one opens the event stream
		t.Errorf("docker has %s after %d calls", h.docker.list(), calls)
	}
	h.fabric.change(func() { h.fabric.connected = true })
	h.bound("web")
}

func TestDockerdMayBeAway(t *testing.T) {
	h := newHost(t)
	h.docker.setAway(true)
	h.start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.docker.setAway(false)
	h.shows("[web]")
	h.bound("web")
	h.docker.setAway(true)
	h.fabricHas(network(2, "db", "10.8.0.0/24"))
	h.docker.setAway(false)
	h.shows("[db]")
}

func TestNameOfAnotherDriver(t *testing.T) {
	h := newHost(t)
	h.docker.others["web"] = "bridge"
	h.start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.reports("network.refused web", "not shown on h1", "driver bridge", "docker network rm web")
	h.docker.change(func() { delete(h.docker.others, "web") })
	h.shows("[web]")
	if events := h.fabric.reported(); len(events) != 1 {
		t.Errorf("events: %q", events)
	}
}

func TestSecondNetworkOfOneName(t *testing.T) {
	h := newHost(t).start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.shows("[web]")
	h.bound("web")
	id := h.docker.idOf("web")
	h.userCreates("web", "10.9.0.0/24")
	h.reports("network.refused web", "this host has another network named web")
	h.shows("[web]")
	if h.docker.idOf("web") != id {
		t.Error("the wrong one was removed")
	}
}

func TestLostRecordsOfTheSwitch(t *testing.T) {
	h := newHost(t)
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.docker.networks = []mirror.Network{{ID: "stale", Name: "web"}}
	h.start()
	h.eventually("web is made anew", func() bool { id := h.docker.idOf("web"); return id != "" && id != "stale" })
	h.bound("web")
	h.reports("network.refused web", "no record")
}

func TestContainersAreDescribed(t *testing.T) {
	h := newHost(t).start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.bound("web")
	id := h.docker.idOf("web")
	n, err := h.model.Network(id)
	if err != nil {
		t.Fatal(err)
	}
	wish := cnm.AddressWish{Pool: n.PoolID, Want: netip.MustParseAddr("10.7.0.5")}
	address, err := h.model.RequestAddress(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.model.CreateEndpoint(t.Context(), cnm.EndpointRequest{ID: "e1", Network: id, Address: address}); err != nil {
		t.Fatal(err)
	}
	named := func(name string) func() bool {
		return func() bool {
			e, err := h.model.Endpoint("e1")
			return err == nil && e.Container == name && e.Labels["tier"] == "front" &&
				slices.Equal(e.Aliases, []string{"alias-of-" + name})
		}
	}
	labels := map[string]string{"tier": "front"}
	for _, name := range []string{"web1", "renamed", "labelled"} {
		for i := range map[string]int{"labelled": linkspan.MaxLabels}[name] { // of which tier is not the last
			labels = maps.Clone(labels)
			labels[fmt.Sprintf("z%03d", i)] = ""
		}
		h.docker.change(func() {
			h.docker.containers = []mirror.Container{{Name: name, Labels: labels, Endpoints: []string{"e1"}}}
		})
		h.eventually("the endpoint is named "+name, named(name))
	}
	h.start() // a new mirror looks for leftovers first
	h.eventually("the fabric is told what is here", func() bool {
		h.fabric.mu.Lock()
		defer h.fabric.mu.Unlock()
		return len(h.fabric.local) == 1 && h.fabric.local[0].Address == address.Addr()
	})
}

// Overlay networks are mirrored as such, both ways, and their endpoints are told of
// as theirs.
func TestOverlayNetworks(t *testing.T) {
	h := newHost(t).start()
	wire := network(1, "wire", "10.7.0.0/24")
	wire.Driver = linkspan.Overlay
	h.fabricHas(wire)
	h.bound("wire")
	if n, err := h.model.Network(h.docker.idOf("wire")); err != nil || n.Driver != "overlay" {
		t.Errorf("the network is %+v, %v", n, err)
	}
	o := mirror.CreateOptions(network(0, "multi", "10.8.0.0/24"))
	o.Driver, o.Labels, o.Options = mirror.OverlayDriver, nil, nil
	if _, err := h.docker.create(t.Context(), "multi", o); err != nil {
		t.Fatal(err)
	}
	h.bound("multi")
	n, err := h.model.Network(h.docker.idOf("multi"))
	if err != nil {
		t.Fatal(err)
	}
	if all := h.fabric.Networks(); len(all) != 2 || !all[1].Driver.Is(linkspan.Overlay) {
		t.Errorf("the fabric has %+v", all)
	}
	address, err := h.model.RequestAddress(t.Context(), cnm.AddressWish{Pool: n.PoolID})
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("e", 64)
	if _, err := h.model.CreateEndpoint(t.Context(), cnm.EndpointRequest{ID: id, Network: n.ID, Address: address}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.model.Join(t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: id, SandboxKey: "/box"}); err != nil {
		t.Fatal(err)
	}
	h.docker.change(func() { h.docker.containers = []mirror.Container{{ID: "c", Name: "c1", Endpoints: []string{id}}} })
	h.start() // looks for leftovers at its start, and with that tells what there is
	h.eventually("the endpoint is told of", func() bool {
		h.fabric.mu.Lock()
		defer h.fabric.mu.Unlock()
		return len(h.fabric.local) == 1 && h.fabric.local[0].Driver == linkspan.Overlay && h.fabric.local[0].ID == id
	})
}

// Networks of our drivers of one host are no business of the fabric's.
func TestNetworksOfOneHostStayHere(t *testing.T) {
	h := newHost(t)
	err := h.model.CreateNetwork(t.Context(), cnm.NetworkRequest{
		ID: "lan", Driver: "hotplug", Subnet: netip.MustParsePrefix("10.20.0.0/24"), Unpooled: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.docker.networks = []mirror.Network{{ID: "lan", Name: "lan", Driver: mirror.BridgeDriver}}
	h.start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"))
	h.bound("web")
	if n, err := h.model.Network("lan"); err != nil || n.Bound() || h.docker.idOf("lan") != "lan" {
		t.Errorf("lan is %+v, %v", n, err)
	}
	if all := h.fabric.Networks(); len(all) != 1 {
		t.Errorf("the fabric has %v", all)
	}
}
