// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// ruledHouse is a house of one host with w1 and w2 in web and d1 in db, to whom policies
// allow ICMP alone.
func ruledHouse(t *testing.T) (h *house, h1 host, w1, w2, d1 view.Key) {
	h = build(t)
	h1 = h.join("h1")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	key := func(network linkspan.NetworkID, container string, port uint32) view.Key {
		return view.Key{Network: network, Address: netip.MustParseAddr(h1.run(t, network, container, port))}
	}
	w1, w2, d1 = key(web, "w1", 11), key(web, "w2", 12), key(db, "d1", 13)
	_, err := applyPolicies(t.Context(), h.user(trust.RoleAdmin),
		&apiv1.Policy{Name: "ask-db", Priority: 9, Action: "allow", From: []*apiv1.PolicySelector{{Network: "web"}}, To: []*apiv1.PolicySelector{{Endpoint: "d1"}}, Ports: []string{"icmp"}},
		&apiv1.Policy{Name: "nobody-else", Action: "deny", To: []*apiv1.PolicySelector{{Endpoint: "d1"}}})
	h.must(err)
	h.eventually("all are in the view", func() bool { return h.hub.View().Endpoint(d1) != nil && h.hub.View().CountPolicies() == 2 })
	return h, h1, w1, w2, d1
}

// What policies decided about is told with them, and which of them decides about a
// route, in each direction.
func TestPolicyUse(t *testing.T) {
	h, h1, w1, _, d1 := ruledHouse(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	fabric := controltest.NewFabric(h.hub.Hub)
	defer fabric.Wait()
	defer cancel()
	list := &apiv1.PolicyServiceListRequest{Use: true}
	away, err := h.local().Policies.List(ctx, connect.NewRequest(list))
	h.must(err)
	if got := fmt.Sprint(away.Msg.GetMissing()); got != "[h1]" || len(away.Msg.GetUse()) != 2 {
		t.Errorf("before it connects: missing %s, %v", got, away.Msg.GetUse())
	}
	fabric.Connect(ctx, h1.id)
	h.eventually("the switch is ready", func() bool { info, ok := h.hub.Hub.Connected(h1.id); return ok && info.Ready })
	fabric.Ping(w1, d1, 64)
	h.eventually("it is counted", func() bool {
		r, err := h.local().Policies.List(ctx, connect.NewRequest(list))
		h.must(err)
		u := r.Msg.GetUse()
		return u[0].GetPolicy() == "ask-db" && u[0].GetDecisions() == 1 && u[0].GetPackets() == 2 && u[0].GetBytes() == 100 &&
			u[0].GetSince() != nil && u[1].GetPackets() == 0
	})
	one, err := h.local().Policies.Get(ctx, connect.NewRequest(&apiv1.PolicyServiceGetRequest{Policy: "ask-db"}))
	h.must(err)
	if u := one.Msg.GetUse(); u.GetPackets() != 2 || len(one.Msg.GetMissing()) != 0 {
		t.Errorf("inspected: %v", u)
	}
	quiet, err := h.local().Policies.List(ctx, connect.NewRequest(&apiv1.PolicyServiceListRequest{}))
	h.must(err)
	if len(quiet.Msg.GetUse()) != 0 {
		t.Error("the switches were asked by one who does not want to know")
	}
}

// TestRouteRules: a route tells which rules let it through, and which of its connections.
func TestRouteRules(t *testing.T) {
	h, _, w1, w2, d1 := ruledHouse(t)
	web, db := w1.Network, d1.Network
	class := linkspan.RouteClass{
		From: w1.Address, To: d1.Address, Ports: linkspan.WholeProtocol(linkspan.ProtocolICMP), Policy: h.hub.View().Policy(1).ID, Packets: 1, ReplyPackets: 2,
	}
	h.hub.mu.Lock()
	h.hub.routes = []linkspan.Route{
		{ID: 0xabc0000001, Network: web, NetworkB: web, A: w1.Address, B: w2.Address, Flows: []linkspan.RouteFlow{{From: w1.Address, To: w2.Address, Policy: 77}}},
		{ID: 0xabd0000002, Network: web, NetworkB: db, A: w1.Address, B: d1.Address, Tracked: true, Classes: []linkspan.RouteClass{class}},
	}
	h.hub.mu.Unlock()
	routes := func(id string) []*apiv1.Route {
		r, err := h.local().Routes.List(t.Context(), connect.NewRequest(&apiv1.RouteServiceListRequest{Route: id}))
		h.must(err)
		return r.Msg.GetRoutes()
	}
	all := routes("")
	if len(all) != 2 || len(routes("abd")) != 1 || len(routes("ffff")) != 0 {
		t.Fatalf("%d routes", len(all))
	}
	text := func(r *apiv1.Route) string {
		var parts []string
		for _, rule := range r.GetRules() {
			parts = append(parts, rule.GetBy()+" "+rule.GetName())
		}
		for _, c := range r.GetClasses() {
			parts = append(parts, fmt.Sprintf("%s>%s %s %s %d/%d", c.GetFrom(), c.GetTo(), c.GetPorts(), c.GetPolicy(), c.GetPackets(), c.GetReplyPackets()))
		}
		return fmt.Sprintf("%t %s", r.GetTracked(), strings.Join(parts, ", "))
	}
	if got := text(all[0]); got != "false network web, network web" || all[0].GetFlows()[0].GetPolicy() != "00004d" {
		t.Errorf("within the network: %s, %v", got, all[0].GetFlows())
	}
	if got, want := text(all[1]), fmt.Sprintf("true policy , policy , %s>%s icmp ask-db 1/2", w1.Address, d1.Address); got != want {
		t.Errorf("by policies: %s, want %s", got, want)
	}
}

// A container of which Docker has told nothing yet is shown to wait, where a policy asks
// for its labels, and to wait no more when it has.
func TestEndpointIsHeld(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	at := h1.run(t, web, "", 11)
	told := func(undescribed bool, labels map[string]string) {
		h.must(h1.attach(t.Context(), &apiv1.Endpoint{
			Network: uint32(web), Address: at, Mac: "02:42:0a:07:00:02", Port: 11, Id: "e1d2c3", Undescribed: undescribed, Labels: labels,
		}))
	}
	held := func() string {
		r, err := h.local().Endpoints.Get(t.Context(), connect.NewRequest(&apiv1.EndpointServiceGetRequest{Endpoint: at}))
		h.must(err)
		return r.Msg.GetEndpoint().GetHeld()
	}
	told(true, nil)
	if got := held(); got != "" {
		t.Errorf("it waits where nobody asks: %s", got)
	}
	_, err := applyPolicies(t.Context(), h.user(trust.RoleAdmin), &apiv1.Policy{Name: "no-db", Action: "deny", To: label("app", "db")})
	h.must(err)
	h.eventually("it waits", func() bool { return strings.HasPrefix(held(), "labels and name of the container are not known yet") })
	told(false, map[string]string{"app": "web"})
	h.eventually("it waits no more", func() bool { return held() == "" })
}
