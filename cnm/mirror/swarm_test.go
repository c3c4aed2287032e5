// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// swarmCreates has a network of a swarm come to the host, with its first task.
func (h *host) swarmCreates(name, subnet string) (id string) {
	h.t.Helper()
	h.userCreates(name, subnet)
	h.docker.change(func() {
		for i := range h.docker.networks {
			if n := &h.docker.networks[i]; n.Name == name {
				n.Swarm, n.Driver, id = true, "linkspan/swarm:latest", n.ID
			}
		}
	})
	return id
}

// A network of a swarm comes with the first task and goes with the last, which is
// nobody's doing by hand.
func TestANetworkOfASwarm(t *testing.T) {
	h := newHost(t)
	id := h.swarmCreates("web", "10.7.0.0/24")
	h.start()
	h.bound("web")
	if got := h.fabric.Networks(); len(got) != 1 || mirror.SwarmID(got[0]) != id {
		t.Errorf("the fabric has %+v", got)
	}
	if err := h.docker.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.looks(3)
	h.shows("[]")
	if events := h.fabric.reported(); len(events) != 0 {
		t.Errorf("events: %q", events)
	}
	if got := h.fabric.Networks(); len(got) != 1 {
		t.Errorf("the fabric has %+v", got)
	}
}

// Only its managers can remove a network of a swarm; those who wait for one that
// cannot be the fabric's are told.
func TestANetworkOfASwarmIsRefused(t *testing.T) {
	h := newHost(t)
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	id := h.swarmCreates("web", "10.7.0.0/24")
	pool := h.model.Pools()[0].ID
	waited := make(chan error, 1)
	go func() {
		_, err := h.model.RequestAddress(t.Context(), cnm.AddressWish{Pool: pool})
		waited <- err
	}()
	h.start()
	if err := <-waited; err == nil || !strings.Contains(err.Error(), "here network "+id+" of a swarm") {
		t.Errorf("the waiting task was told %v", err)
	}
	h.reports("network.refused web", "of no use on h1")
	h.shows("[web]")
}

// A person's network of the name is not taken for the swarm's.
func TestANetworkOfASwarmIsNotAdopted(t *testing.T) {
	h := newHost(t)
	h.swarmCreates("web", "10.7.0.0/24")
	h.start()
	h.bound("web")
	other := newHost(t)
	other.fabricHas(h.fabric.Networks()...)
	other.start()
	other.userCreates("web", "10.7.0.0/24")
	other.reports("network.refused web", "of a swarm, here no swarm's")
	other.shows("[]")
}
