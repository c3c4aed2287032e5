// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/mirror"
)

func (h *host) boundTo(name string, id linkspan.NetworkID) {
	h.t.Helper()
	h.bound(name)
	if n, err := h.model.Network(h.docker.idOf(name)); err != nil || n.Fabric != id {
		h.t.Errorf("%s is bound to %s, %v; want %s", name, n.Fabric, err, id)
	}
}

func (h *host) noEvents() {
	h.t.Helper()
	if events := h.fabric.reported(); len(events) != 0 {
		h.t.Errorf("events: %q", events)
	}
}

// What the mirror makes is bound when dockerd has answered: here no later look
// gets that far.
func TestANetworkIsBoundAtOnce(t *testing.T) {
	h := newHost(t)
	h.docker.created = func(context.Context) error { h.docker.setAway(true); return nil }
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	h.start()
	h.boundTo("web", 7)
	h.noEvents()
}

func TestALostAnswerIsMadeGoodByTheLabel(t *testing.T) {
	h := newHost(t)
	h.docker.created = func(context.Context) error { return errAway }
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	h.start()
	h.boundTo("web", 7)
	h.noEvents()
}

// crash ends the mirror between dockerd's creating and the binding.
func (h *host) crash() {
	h.t.Helper()
	reached := make(chan struct{})
	once := sync.OnceFunc(func() { close(reached) })
	h.docker.created = func(ctx context.Context) error { once(); <-ctx.Done(); return errAway }
	h.start()
	<-reached
	h.stop()
	h.docker.change(func() { h.docker.created = nil })
	if n, err := h.model.Network(h.docker.idOf("web")); err != nil || n.Bound() {
		h.t.Fatalf("bound to %s, %v; want neither", n.Fabric, err)
	}
}

func TestACrashBeforeTheBinding(t *testing.T) {
	for what, lose := range map[string]func(*host){
		"nothing is lost":        func(*host) {},
		"the notes are lost":     func(h *host) { h.store = newStore(t) },
		"the fabric has another": func(h *host) { h.fabricHas(network(7, "web", "10.7.0.0/24"), network(8, "db", "10.7.0.0/24")) },
	} {
		t.Run(what, func(t *testing.T) {
			h := newHost(t)
			h.fabricHas(network(7, "web", "10.7.0.0/24"))
			h.crash()
			id := h.docker.idOf("web")
			lose(h)
			h.start().boundTo("web", 7)
			if h.docker.idOf("web") != id {
				t.Error("made anew")
			}
			h.noEvents()
		})
	}
}

// Without its records the switch does not know dockerd's network: it is made
// anew and bound.
func TestACrashThatTakesTheRecordsAlong(t *testing.T) {
	h := newHost(t)
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	h.crash()
	id := h.docker.idOf("web")
	h.store, h.model = newStore(t), newModel(t, driver{})
	h.docker.model = h.model
	h.start()
	h.eventually("web is made anew", func() bool { now := h.docker.idOf("web"); return now != "" && now != id })
	h.boundTo("web", 7)
}

// Without the label it would be brought back into the fabric.
func TestACrashBeforeTheFabricRemovesTheNetwork(t *testing.T) {
	h := newHost(t)
	h.fabricHas(network(7, "web", "10.7.0.0/24"))
	h.crash()
	h.fabricHas()
	h.start()
	h.shows("[]")
	if got := h.fabric.Networks(); len(got) != 0 {
		t.Errorf("the fabric has %v", got)
	}
}

func TestATypedLabelIsAWish(t *testing.T) {
	h := newHost(t)
	h.fabricHas(network(7, "web", "10.7.0.0/24"), network(8, "db", "10.8.0.0/24"))
	label := func(number string) map[string]string { return map[string]string{mirror.LabelNetwork: number} }
	h.userTypes("web", "10.7.0.0/24", label("000007"), nil)
	h.userTypes("shop", "10.8.0.0/24", label("000008"), nil)
	h.userTypes("mail", "10.9.0.0/24", map[string]string{mirror.LabelNetwork: "none", "tier": "front"}, nil)
	web := h.docker.idOf("web")
	h.start()
	h.shows("[db mail web]")
	h.boundTo("web", 7)
	h.boundTo("db", 8)
	h.bound("mail")
	h.reports("network.refused shop", "network 000008 of the fabric is named db")
	if h.docker.idOf("web") != web {
		t.Error("a label that is right was not believed")
	}
	for _, n := range h.fabric.Networks() {
		if diff := cmp.Diff(map[string]string{"tier": "front"}, n.Labels); n.Name == "mail" && diff != "" {
			t.Errorf("labels in the fabric, -want +got:\n%s", diff)
		}
	}
}

// A daemon is created a network twice of one subnet, by a person and by the
// mirror: each gets a pool, and its own place in the fabric.
func TestAPersonAndTheMirrorCreateTheSameSubnet(t *testing.T) {
	h := newHost(t).start()
	h.fabricHas(network(1, "web", "10.7.0.0/24"), network(2, "db", "10.7.0.0/24"))
	h.userCreates("shop", "10.7.0.0/24")
	h.userCreates("mail", "10.7.0.0/24")
	h.shows("[db mail shop web]")
	pools := make(map[string]string)
	for _, name := range []string{"db", "mail", "shop", "web"} {
		h.bound(name)
		n, err := h.model.Network(h.docker.idOf(name))
		if err != nil || pools[n.PoolID] != "" {
			t.Errorf("%s has the pool of %q, %v", name, pools[n.PoolID], err)
		}
		pools[n.PoolID] = name
	}
	h.boundTo("web", 1)
	h.boundTo("db", 2)
	h.noEvents()
}

// An option that another host could carry is no reason not to show a network.
func TestTypedOptionsThatDoNotFitThisHost(t *testing.T) {
	h := newHostWith(t, driver{tight: true})
	web := network(7, "web", "10.7.0.0/24")
	web.MTU = 1400
	web.Labels = map[string]string{"com.docker.network.driver.linkspan.option.com.docker.network.driver.mtu": "1400"}
	h.fabricHas(web)
	h.start()
	h.boundTo("web", 7)
	h.noEvents()
	if n := h.model.Networks(); len(n) != 1 || len(n[0].Options) != 0 {
		t.Errorf("the host has %+v, want one without options", n)
	}
}
