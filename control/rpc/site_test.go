// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// sites is what the list of sites says, as text.
func sites(t *testing.T, c *api.Client) string {
	t.Helper()
	r, err := c.Sites.List(t.Context(), connect.NewRequest(&apiv1.SiteServiceListRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range r.Msg.GetSites() {
		out = append(out, s.GetName()+"="+strings.Join(s.GetSwitches(), ","))
	}
	for _, p := range r.Msg.GetPairs() {
		out = append(out, fmt.Sprintf("%s-%s %t %v", p.GetA(), p.GetB(), p.GetClear(), p.GetNetworks()))
	}
	return strings.Join(out, "; ")
}

func (h *house) site(admin *api.Client, do string, a, b string) error {
	ctx := h.t.Context()
	var err error
	switch do {
	case "allow":
		_, err = admin.Sites.Allow(ctx, connect.NewRequest(&apiv1.SiteServiceAllowRequest{A: a, B: b}))
	case "forbid":
		_, err = admin.Sites.Forbid(ctx, connect.NewRequest(&apiv1.SiteServiceForbidRequest{A: a, B: b}))
	case "move":
		_, err = admin.Sites.Move(ctx, connect.NewRequest(&apiv1.SiteServiceMoveRequest{Switch: a, Site: b}))
	}
	return err
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestSites(t *testing.T) {
	h := build(t)
	admin := h.user(trust.RoleAdmin)
	h1, h2 := h.join("h1"), h.join("h2")
	if got := sites(t, admin); got != "default=h1,h2" {
		t.Fatalf("got %s", got)
	}
	h.must(h.site(admin, "move", "h2", "ams"))
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	h2.run(t, web, "b", 11)
	h.eventually("they share a network", func() bool { return strings.Contains(sites(t, admin), "web") })
	if got := sites(t, admin); got != "ams=h2; default=h1; ams-default false [web]" {
		t.Errorf("got %s", got)
	}
	routes, err := h.local().Routes.List(t.Context(), connect.NewRequest(&apiv1.RouteServiceListRequest{}))
	h.must(err)
	if r := routes.Msg.GetRefused(); len(r) != 1 || r[0].GetA() != "ams" || r[0].GetB() != "default" {
		t.Errorf("route ls says that %v are refused", r)
	}
	for range 2 { // both are safe to repeat
		h.must(h.site(admin, "allow", "default", "ams"))
	}
	h.eventually("the view has the clearance", func() bool { return h.hub.View().Clear(h1.id, h2.id) })
	if got := sites(t, admin); !strings.HasSuffix(got, "ams-default true [web]") {
		t.Errorf("got %s", got)
	}
	h.must(h.site(admin, "forbid", "ams", "default"))
	if err := api.FromRPC(h.site(admin, "forbid", "ams", "default")); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("forbidden twice: %v", err)
	}
	h.eventually("the view has it no more", func() bool { return !h.hub.View().Clear(h1.id, h2.id) })
	events, err := h.store.Events(t.Context(), 10)
	h.must(err)
	var kinds []string
	for _, e := range events {
		if e.Subject == "ams-default" || e.Kind == linkspan.SwitchMoved {
			kinds = append(kinds, string(e.Kind))
		}
	}
	if got := strings.Join(kinds, " "); got != "switch.moved site.allowed site.forbidden" {
		t.Errorf("events: %s", got)
	}
	for name, c := range map[string]struct {
		do, a, b string
		code     linkspan.Code
	}{
		"an unknown site":   {"allow", "ams", "mars", linkspan.NotFound},
		"one site":          {"allow", "ams", "ams", linkspan.Invalid},
		"a bad name":        {"allow", "ams", "a/b", linkspan.Invalid},
		"forbid a bad name": {"forbid", "ams", "", linkspan.Invalid},
		"an unknown switch": {"move", "h9", "ams", linkspan.NotFound},
		"to a bad name":     {"move", "h1", "-", linkspan.Invalid},
	} {
		t.Run(name, func(t *testing.T) { refused(t, h.site(admin, c.do, c.a, c.b), c.code) })
	}
}

func TestASiteIsNamedAtTheJoin(t *testing.T) {
	h := build(t)
	join := func(name, site string) error {
		request, err := trust.NewRequest()
		h.must(err)
		_, err = h.connect(nil).Chassis.Join(t.Context(), connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
			Token: h.token(1e12).Reveal(), Name: name, Csr: request.CSR(), Underlay: "192.0.2.1", Site: site,
		}))
		return err
	}
	h.must(join("h1", "ams"))
	refused(t, join("h2", "no site/"), linkspan.Invalid)
	if got := sites(t, h.local()); got != "ams=h1" {
		t.Errorf("got %s", got)
	}
}

func (c host) tellPaths(ctx context.Context, p *apiv1.Paths) error {
	_, err := c.Chassis.Acknowledge(ctx, connect.NewRequest(&apiv1.ChassisServiceAcknowledgeRequest{Paths: p}))
	return err
}

func ids(hosts ...host) (list []uint32) {
	for _, h := range hosts {
		list = append(list, uint32(h.id))
	}
	return list
}

// TestPathsAreLearned: what is proved is stored; a loss counts only while the
// other's switch process is there to answer.
func TestPathsAreLearned(t *testing.T) {
	h := build(t)
	h1, h2, h3 := h.join("h1"), h.join("h2"), h.join("h3")
	web := h.network("web", "10.7.0.0/24")
	f1, f2 := h1.follow(t, "192.0.2.1"), h2.follow(t, "192.0.2.2")
	h1.run(t, web, "a", 11)
	h2.run(t, web, "b", 11)
	f1.until(hasPeers("h2@192.0.2.2"))
	f2.until(hasPeers("h1@192.0.2.1"))
	path := func() bool { return h.hub.View().Path(h1.id, h2.id) }
	ways := func() string {
		r, err := h.local().Networks.Get(t.Context(), connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: "web"}))
		h.must(err)
		w := r.Msg.GetWays()
		if len(w) != 1 || w[0].GetCount() != 1 || len(w[0].GetPairs()) != 1 {
			t.Fatalf("ways: %v", w)
		}
		return w[0].GetTransport() + " " + w[0].GetPairs()[0].GetA() + "-" + w[0].GetPairs()[0].GetB()
	}
	if got := ways(); got != "tunnel h1-h2" {
		t.Errorf("before: %s", got)
	}
	h.must(h1.tellPaths(t.Context(), &apiv1.Paths{Proved: ids(h2, h3)}))
	h.must(h2.tellPaths(t.Context(), &apiv1.Paths{Proved: ids(h1)}))
	h.eventually("the path is in the view", path)
	if got := ways(); got != "direct h1-h2" || h.hub.View().Paths(h1.id).Proved(h3.id) {
		t.Errorf("proved: %s, and %v", got, h.hub.View().Paths(h1.id))
	}
	h.must(h1.tellPaths(t.Context(), &apiv1.Paths{})) // a process that starts anew knows nothing
	h.must(h1.tellPaths(t.Context(), nil))
	f2.stop()
	h.eventually("h2 follows no more", func() bool { return !h.peering.Following(h2.id) })
	h.must(h1.tellPaths(t.Context(), &apiv1.Paths{Lost: ids(h2)}))
	if p, _, err := h.store.UpdatePaths(t.Context(), h1.id, func(p linkspan.Paths) linkspan.Paths { return p }); err != nil || !p.Proved(h2.id) {
		t.Errorf("a loss to one that is away counts: %v, %v", p, err)
	}
	f2 = h2.follow(t, "192.0.2.2")
	f2.next()
	h.must(h1.tellPaths(t.Context(), &apiv1.Paths{Lost: ids(h2)}))
	h.eventually("the path is lost", func() bool { return !path() })
	events, err := h.store.Events(t.Context(), 1)
	h.must(err)
	if len(events) != 1 || events[0].Kind != linkspan.PathLost || events[0].Subject != "h1" {
		t.Errorf("the last event is %v", events)
	}
	h.must(h2.tellPaths(t.Context(), &apiv1.Paths{None: true}))
	h.eventually("h2 has no paths", func() bool { return len(h.hub.View().Paths(h2.id).To) == 0 })
}

// TestPathsAcrossNetworksOutliveTheController: a controller that starts anew knows
// nobody who was asked for, and takes the proved paths of those for what they are.
func TestPathsAcrossNetworksOutliveTheController(t *testing.T) {
	h := build(t)
	h1, h2, h3 := h.join("h1"), h.join("h2"), h.join("h3")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	h1.run(t, web, "a", 11)
	h2.run(t, db, "b", 11)
	_, err := h.user(trust.RoleOperator).Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{
		Name: "shop", Networks: []string{web.String(), db.String()},
	}))
	h.must(err)
	h.eventually("the hosts may talk", func() bool { return h.hub.View().MayTalk(h1.id, h2.id) })
	for _, report := range []*apiv1.Paths{{Proved: ids(h2, h3)}, {}} {
		h.must(h1.tellPaths(t.Context(), report))
		p, _, err := h.store.UpdatePaths(t.Context(), h1.id, func(p linkspan.Paths) linkspan.Paths { return p })
		if err != nil || !p.Proved(h2.id) || p.Proved(h3.id) {
			t.Fatalf("proved: %v, %v", p, err)
		}
	}
	_, err = h.user(trust.RoleOperator).Groups.Remove(t.Context(), connect.NewRequest(&apiv1.GroupServiceRemoveRequest{Group: "shop"}))
	h.must(err)
	h.eventually("they may not any more", func() bool { return !h.hub.View().MayTalk(h1.id, h2.id) })
	h.must(h1.tellPaths(t.Context(), &apiv1.Paths{}))
	if p, _, err := h.store.UpdatePaths(t.Context(), h1.id, func(p linkspan.Paths) linkspan.Paths { return p }); err != nil || len(p.To) > 0 {
		t.Errorf("left: %v, %v", p, err)
	}
}
