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

func create(t *testing.T, c *api.Client, n *apiv1.Network, adopt bool) (*apiv1.NetworkServiceCreateResponse, error) {
	t.Helper()
	r, err := c.Networks.Create(t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{Network: n, Adopt: adopt}))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}

func remove(t *testing.T, c *api.Client, name string) error {
	t.Helper()
	_, err := c.Networks.Remove(t.Context(), connect.NewRequest(&apiv1.NetworkServiceRemoveRequest{Network: name}))
	return err
}

func TestNetworkCreate(t *testing.T) {
	h := build(t)
	c := h.user(trust.RoleOperator)
	r, err := create(t, c, &apiv1.Network{Id: 77, Name: "web", Subnet: "10.7.0.9/24", Creator: "a liar", Endpoints: 5}, false)
	if err != nil {
		t.Fatal(err)
	}
	n := r.GetNetwork()
	if r.GetAdopted() || n.GetId() == 77 || n.GetSubnet() != "10.7.0.0/24" || n.GetGateway() != "10.7.0.1" || n.GetCreator() != "operator ada" || n.GetIdle().AsDuration() != linkspan.DefaultIdle {
		t.Errorf("got %v", r)
	}
	_, err = create(t, c, &apiv1.Network{Name: "web", Subnet: "10.7.0.0/24"}, false)
	refused(t, err, linkspan.Exists)
	for what, bad := range map[string]*apiv1.Network{
		"nothing": nil, "no subnet": {Name: "x"}, "no name": {Subnet: "10.7.0.0/24"}, "bad subnet": {Name: "x", Subnet: "10.7"},
		"half a second": {Name: "x", Subnet: "10.7.0.0/24", Idle: durationOf(1)}, "large mtu": {Name: "x", Subnet: "10.7.0.0/24", Mtu: 1 << 31},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := create(t, c, bad, true)
			refused(t, err, linkspan.Invalid)
		})
	}
}

func TestNetworkAdopt(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	first, err := create(t, h1.Client, &apiv1.Network{Name: "web", Subnet: "10.7.0.0/24"}, true)
	if err != nil || first.GetAdopted() {
		t.Fatalf("there was none: %v, %v", first, err)
	}
	again, err := create(t, h1.Client, &apiv1.Network{Name: "web", Subnet: "10.7.0.7/24", Gateway: "10.7.0.9"}, true)
	if err != nil || !again.GetAdopted() || again.GetNetwork().GetId() != first.GetNetwork().GetId() || again.GetNetwork().GetGateway() != "10.7.0.1" {
		t.Errorf("an equal one is taken as it is: %v, %v", again, err)
	}
	_, err = create(t, h1.Client, &apiv1.Network{Name: "web", Subnet: "10.8.0.0/24"}, true)
	refused(t, err, linkspan.Exists)
	if events, err := h.store.Events(t.Context(), 10); err != nil || len(events) != 2 || events[1].Kind != linkspan.NetworkCreated || events[1].Actor != "chassis h1" || events[1].Chassis != "h1" {
		t.Errorf("it was created once: %+v, %v", events, err)
	}
}

func TestNetworkGetAndList(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	h.network(web.String(), "10.8.0.0/24") // a name that is another's id: the name wins
	db := h.network("db", "10.9.0.0/24")
	h1.run(t, db, "c", 11)
	for name, want := range map[string]string{"web": "web", web.String(): web.String(), db.String(): "db"} {
		r, err := h.local().Networks.Get(t.Context(), connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: name}))
		if err != nil || r.Msg.GetNetwork().GetName() != want {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
		if want == "db" && (r.Msg.GetNetwork().GetEndpoints() != 1 || r.Msg.GetEndpoints()[0].GetContainer() != "c") {
			t.Errorf("its endpoint is missing: %v", r.Msg)
		}
	}
	for _, name := range []string{"", "none", "ffffff", "../x", strings.Repeat("x", 4096)} {
		_, err := h.local().Networks.Get(t.Context(), connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: name}))
		refused(t, err, linkspan.NotFound)
	}
	h.eventually("the list counts the endpoint", func() bool {
		r, err := h.local().Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
		if err != nil || len(r.Msg.GetNetworks()) != 3 {
			t.Fatalf("got %v, %v", r, err)
		}
		return r.Msg.GetNetworks()[2].GetEndpoints() == 1
	})
}

func TestNetworkRemove(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	addr := h1.run(t, web, "web1", 11)
	for _, c := range []*api.Client{h1.Client, h.local(), h.user(trust.RoleAdmin)} {
		err := remove(t, c, "web")
		refused(t, err, linkspan.InUse)
		if err == nil || !strings.Contains(err.Error(), "web1") || !strings.Contains(linkspan.HintOf(api.FromRPC(err)), "endpoint ls --network web") {
			t.Errorf("who uses it and what to do is not said: %v", err)
		}
	}
	if _, err := h1.reserve(t.Context(), web, "", ""); err != nil {
		t.Errorf("a refused removal leaves it usable: %v", err)
	}
	_ = h1.release(t.Context(), web, "10.7.0.3")
	if err := h1.release(t.Context(), web, addr); err != nil {
		t.Fatal(err)
	}
	if err := remove(t, h1.Client, web.String()); err != nil {
		t.Fatal(err)
	}
	refused(t, remove(t, h1.Client, "web"), linkspan.NotFound)
	_, err := h1.reserve(t.Context(), web, "10.7.0.2", "")
	refused(t, err, linkspan.NotFound)
}

func TestAnMTUThatASwitchCannotCarryIsRefused(t *testing.T) {
	h := build(t)
	h.join("h1") // 1500 bytes below
	_, err := create(t, h.local(), &apiv1.Network{Name: "wide", Subnet: "10.7.0.0/24", Mtu: 1451}, false)
	refused(t, err, linkspan.Invalid)
	if _, err := create(t, h.local(), &apiv1.Network{Name: "fits", Subnet: "10.7.0.0/24", Mtu: 1450}, false); err != nil {
		t.Fatal(err)
	}
}
