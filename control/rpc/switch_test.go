// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

func (h *house) removeSwitch(name string, force bool) error {
	_, err := h.user(trust.RoleAdmin).Switches.Remove(h.t.Context(), connect.NewRequest(&apiv1.SwitchServiceRemoveRequest{Switch: name, Force: force}))
	return err
}

func TestSwitchListAndGet(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	h.hub.connect(h1.id)
	h.eventually("the list counts the endpoint", func() bool {
		r, err := h.local().Switches.List(t.Context(), connect.NewRequest(&apiv1.SwitchServiceListRequest{}))
		if err != nil || len(r.Msg.GetSwitches()) != 2 {
			t.Fatalf("got %v, %v", r, err)
		}
		return r.Msg.GetSwitches()[0].GetEndpoints() == 1
	})
	get := func(name string) *apiv1.SwitchServiceGetResponse {
		t.Helper()
		r, err := h.local().Switches.Get(t.Context(), connect.NewRequest(&apiv1.SwitchServiceGetRequest{Switch: name}))
		if err != nil {
			t.Fatal(err)
		}
		return r.Msg
	}
	here := get("h1")
	if s := here.GetSwitch(); !s.GetConnected() || s.GetPeer() != "192.0.2.9:4711" || s.GetSince().AsTime().Unix() != 1000 ||
		s.GetDpid() != h1.id.DPID().String() || s.GetUnderlay() != "192.0.2.1" || s.GetEndpoints() != 1 || len(here.GetEndpoints()) != 1 {
		t.Errorf("got %v", here)
	}
	away := get("h2")
	if s := away.GetSwitch(); s.GetConnected() || s.GetSince() != nil || s.GetId() != uint32(h2.id) || len(away.GetEndpoints()) != 0 {
		t.Errorf("got %v", away)
	}
	for _, name := range []string{"", "h3", "../h1"} {
		_, err := h.local().Switches.Get(t.Context(), connect.NewRequest(&apiv1.SwitchServiceGetRequest{Switch: name}))
		refused(t, err, linkspan.NotFound)
	}
}

func TestSwitchRemove(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	other := h2.run(t, web, "b", 11)
	h.hub.connect(h1.id)

	refused(t, h.removeSwitch("none", false), linkspan.NotFound)
	err := h.removeSwitch("h1", false)
	refused(t, err, linkspan.InUse)
	if !strings.Contains(err.Error(), "is connected") || !strings.Contains(linkspan.HintOf(api.FromRPC(err)), "switch rm --force h1") {
		t.Errorf("got %v", err)
	}
	h.hub.Disconnect(h1.id, "")
	err = h.removeSwitch("h1", false)
	refused(t, err, linkspan.InUse)
	if !strings.Contains(err.Error(), "has 1 endpoints") {
		t.Errorf("got %v", err)
	}
	if _, err := h1.reserve(t.Context(), web, "", ""); err != nil {
		t.Errorf("a refused removal takes nothing away: %v", err)
	}

	h.hub.connect(h1.id)
	if err := h.removeSwitch("h1", true); err != nil {
		t.Fatal(err)
	}
	if _, connected := h.hub.Connected(h1.id); connected {
		t.Error("its session goes on")
	}
	left, err := h.store.Endpoints(t.Context(), 0)
	if err != nil || len(left) != 1 || left[0].Address.String() != other {
		t.Errorf("endpoints left: %v, %v", left, err)
	}
	h.eventually("its certificate is of no use", func() bool {
		_, err := h1.reserve(t.Context(), web, "", "")
		return linkspan.CodeOf(api.FromRPC(err)) == linkspan.Unauthenticated && err != nil
	})
	refused(t, h.removeSwitch("h1", true), linkspan.NotFound)

	again := h.join("h1") // the name is free, and the new life is not revoked
	if _, err := again.reserve(t.Context(), web, "", ""); err != nil || again.id == h1.id {
		t.Errorf("number %d after %d, %v", again.id, h1.id, err)
	}
	events, err := h.store.Events(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range events {
		found = found || e.Kind == linkspan.SwitchRemoved && e.Subject == "h1" && e.Actor == "admin ada"
	}
	if !found {
		t.Errorf("the removal is not among the events: %+v", events)
	}
}

func TestSwitchRemoveOfOneThatIsGone(t *testing.T) {
	h := build(t)
	h.join("h1")
	if err := h.removeSwitch("h1", false); err != nil {
		t.Fatal(err)
	}
	if names := h.chassis(); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
}
