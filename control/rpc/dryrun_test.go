// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// same is why two of a network may talk.
const same = "both ends are in the same network"

// tried asks for a dry run.
func tried(t *testing.T, c *api.Client, conversations []*apiv1.PolicyConversation, policies ...*apiv1.Policy) *apiv1.PolicyServiceTestResponse {
	t.Helper()
	r, err := c.Policies.Test(t.Context(), connect.NewRequest(&apiv1.PolicyServiceTestRequest{Policies: policies, Conversations: conversations}))
	if err != nil {
		t.Fatal(err)
	}
	return r.Msg
}

func effectsAre(t *testing.T, what string, all []*apiv1.PolicyEffect, want ...string) {
	t.Helper()
	var got []string
	for _, e := range all {
		got = append(got, effectText(e))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDryRun tells what would change, and changes nothing.
func TestDryRun(t *testing.T) {
	h, h2, web := shop(t)
	viewer := h.user(trust.RoleViewer)
	h.hub.mu.Lock()
	h.hub.routes = []linkspan.Route{{Network: web, NetworkB: web, A: addrOf("10.7.0.2"), B: addrOf("10.7.0.3")}, {Network: web, NetworkB: web, A: addrOf("10.7.0.2"), B: addrOf("10.7.0.9")}}
	h.hub.missing = []linkspan.ChassisID{h2.id}
	h.hub.mu.Unlock()

	nothing := tried(t, viewer, nil, &apiv1.Policy{Name: "no-ssh", Priority: 9, Action: "deny", To: label("app", "db"), Ports: []string{"tcp/22"}})
	if len(nothing.GetRoutes()) != 0 || nothing.GetRoutesAsked() != 2 || !slices.Equal(nothing.GetMissing(), []string{"h2"}) {
		t.Errorf("what is stored already changes %v", nothing)
	}
	r := tried(t, viewer, []*apiv1.PolicyConversation{
		{From: "a", To: "h2/b.web", Ports: "tcp/21-23"}, {From: "10.7.0.3", To: "a", Ports: "udp/53"},
		{From: "192.0.2.1", To: "b.back", Ports: "icmp/8"},
	},
		&apiv1.Policy{Name: "shop", Priority: 5, Action: "allow", From: label("app", "shop"), To: label("app", "db"), Ports: []string{"tcp/5432", "tcp/22"}},
		&apiv1.Policy{Name: "rest", Action: "reject", To: label("app", "db")},
		&apiv1.Policy{Name: "ping", Action: "allow", From: []*apiv1.PolicySelector{{Cidr: "192.0.2.0/24"}}, Ports: []string{"icmp/8"}},
	)
	effectsAre(t, "routes", r.GetRoutes(),
		"h1/a.web>h2/b.web tcp/0-21 allow["+same+"] reject[rest]",
		"h1/a.web>h2/b.web tcp/23-5431 allow["+same+"] reject[rest]",
		"h1/a.web>h2/b.web tcp/5433-65535 allow["+same+"] reject[rest]",
		"h1/a.web>h2/b.web others allow["+same+"] reject[rest]")
	effectsAre(t, "conversations", r.GetConversations(),
		"h1/a.web>h2/b.web tcp/21 allow["+same+"] reject[rest]",
		"h1/a.web>h2/b.web tcp/22 deny[no-ssh] deny[no-ssh]",
		"h1/a.web>h2/b.web tcp/23 allow["+same+"] reject[rest]",
		"h2/b.web>h1/a.web udp/53 allow["+same+"] allow["+same+"]",
		"192.0.2.1>h2/b.back icmp/8 allow[one end is outside of all networks, and the other's is not internal] allow[ping]")
	if all := tried(t, viewer, nil, &apiv1.Policy{Name: "all", Priority: 10, Action: "deny"}); len(all.GetRoutes()) == 0 || effectText(all.GetRoutes()[len(all.GetRoutes())-1]) != "h2/b.web>h1/a.web all allow["+same+"] deny[all]" {
		t.Errorf("got %v", all)
	}
	if h.policies() != "no-ssh" || h.hub.View().CountPolicies() != 1 {
		t.Errorf("a dry run stores: %s", h.policies())
	}
}

// TestDryRunOfIPv6: a name means the address of the family that is asked about, and two of
// two families are told.
func TestDryRunOfIPv6(t *testing.T) {
	h := build(t)
	six := h.dual("six", "10.6.0.0/24", "fd00:6::/64")
	a4, a6 := h.join("h1").runDual(t, six, "a", 11)
	b4, b6 := h.join("h2").runDual(t, six, "b", 12)
	h.join("h3").run(t, six, "four", 13)
	h.eventually("all are in the view, two at two addresses", func() bool {
		n := 0
		for e := range h.hub.View().Endpoints() {
			if e.Attached() {
				n++
			}
		}
		return n == 5
	})
	cidr := func(text string) []*apiv1.PolicySelector { return []*apiv1.PolicySelector{{Cidr: text}} }
	r := tried(t, h.user(trust.RoleViewer), []*apiv1.PolicyConversation{
		{From: "a", To: "b", Ports: "tcp/80"}, {From: "a", To: b6, Ports: "tcp/80"}, {From: a6, To: "b", Ports: "tcp/80"},
		{From: "a", To: "b", Ports: "icmp6/128"}, {From: "a", To: "2001:db8::1", Ports: "tcp/80"},
	}, &apiv1.Policy{Name: "six", Action: "reject", From: cidr("fd00::/8")})
	var got []string
	for _, e := range r.GetConversations() {
		got = append(got, e.GetFrom()+">"+e.GetTo()+" "+e.GetAfter().GetAction())
	}
	want := []string{a4 + ">" + b4 + " allow", a6 + ">" + b6 + " reject", a6 + ">" + b6 + " reject", a6 + ">" + b6 + " reject", a6 + ">2001:db8::1 reject"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err := h.user(trust.RoleViewer).Policies.Test(t.Context(), connect.NewRequest(&apiv1.PolicyServiceTestRequest{Conversations: []*apiv1.PolicyConversation{
		{From: "four", To: b6, Ports: "tcp/80"}, {From: a4, To: b6, Ports: "tcp/80"},
	}}))
	refused(t, err, linkspan.Invalid)
	if got := problemsOf(err); strings.Count(got, "no packet leads from one family to the other") != 2 {
		t.Errorf("got\n%s", got)
	}
}
