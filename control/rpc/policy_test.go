// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// label selects by one label.
func label(key, value string) []*apiv1.PolicySelector {
	return []*apiv1.PolicySelector{{Labels: map[string]string{key: value}}}
}

func applyPolicies(ctx context.Context, c *api.Client, policies ...*apiv1.Policy) (*apiv1.PolicyServiceApplyResponse, error) {
	r, err := c.Policies.Apply(ctx, connect.NewRequest(&apiv1.PolicyServiceApplyRequest{Policies: policies}))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}

// problemsOf writes what an error tells about the policies of a request.
func problemsOf(err error) string {
	var lines []string
	for _, p := range api.PolicyProblems(err) {
		lines = append(lines, fmt.Sprintf("%d %s: %s", p.GetPolicy(), p.GetPath(), p.GetMessage()))
	}
	return strings.Join(lines, "\n")
}

func (h *house) policies() string {
	h.t.Helper()
	r, err := h.local().Policies.List(h.t.Context(), connect.NewRequest(&apiv1.PolicyServiceListRequest{}))
	h.must(err)
	var names []string
	for _, p := range r.Msg.GetPolicies() {
		names = append(names, p.GetName())
	}
	return strings.Join(names, " ")
}

func TestPolicies(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	h1.labelled(t, web, "a", 11, map[string]string{"app": "shop"})
	h1.labelled(t, web, "b", 12, map[string]string{"app": "db"})
	h.eventually("both are in the view", func() bool { return labelledNow(h) == 2 })

	allow := &apiv1.Policy{Name: "shop-db", Priority: 10, Action: "allow", From: label("app", "shop"), To: label("app", "db"), Ports: []string{"TCP/5432"}}
	deny := &apiv1.Policy{Name: "rest", Action: "deny", From: label("app", "nobody"), To: label("app", "db")}
	r, err := applyPolicies(t.Context(), operator, deny, allow)
	h.must(err)
	if got := fmt.Sprint(r.GetOutcomes()); !strings.Contains(got, "rest") || len(r.GetWarnings()) != 1 || !strings.Contains(r.GetWarnings()[0], `rest: nobody is selected by "from"`) {
		t.Errorf("got %s, %q", got, r.GetWarnings())
	}
	r, err = applyPolicies(t.Context(), operator, allow)
	h.must(err)
	if got := r.GetOutcomes()[0].GetKind(); got != apiv1.PolicyOutcome_KIND_UNCHANGED {
		t.Errorf("the second time it is %s", got)
	}
	if got := h.policies(); got != "shop-db rest" {
		t.Errorf("listed: %s", got)
	}
	h.eventually("the view has them", func() bool { return h.hub.View().CountPolicies() == 2 })
	got, err := operator.Policies.Get(t.Context(), connect.NewRequest(&apiv1.PolicyServiceGetRequest{Policy: "shop-db"}))
	h.must(err)
	if m := got.Msg; !slices.Equal(m.GetFrom(), []string{"h1/a.web"}) || !slices.Equal(m.GetTo(), []string{"h1/b.web"}) || m.GetToCount() != 1 ||
		m.GetPolicy().GetPorts()[0] != "tcp/5432" || m.GetPolicy().GetCreator() != "operator ada" {
		t.Errorf("got %v", m)
	}
	_, err = operator.Policies.Remove(t.Context(), connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: "rest"}))
	h.must(err)
	_, err = operator.Policies.Remove(t.Context(), connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: "rest"}))
	refused(t, err, linkspan.NotFound)
	_, err = operator.Policies.Get(t.Context(), connect.NewRequest(&apiv1.PolicyServiceGetRequest{Policy: "rest"}))
	refused(t, err, linkspan.NotFound)
	h.eventually("the view has one", func() bool { return h.hub.View().CountPolicies() == 1 })
	events, err := h.store.Events(t.Context(), 10)
	h.must(err)
	var kinds []string
	for _, e := range events {
		if strings.HasPrefix(string(e.Kind), "policy.") {
			kinds = append(kinds, string(e.Kind)+" "+e.Subject)
		}
	}
	if got := strings.Join(kinds, ", "); got != "policy.applied rest, policy.applied shop-db, policy.removed rest" {
		t.Errorf("events: %s", got)
	}
}

// labelledNow counts the endpoints of the View that have labels.
func labelledNow(h *house) (n int) {
	for e := range h.hub.View().Endpoints() {
		if len(e.Labels) > 0 {
			n++
		}
	}
	return n
}

// labelled runs a container with labels.
func (c host) labelled(t *testing.T, network linkspan.NetworkID, container string, port uint32, labels map[string]string) {
	t.Helper()
	addr := c.run(t, network, container, port)
	if err := c.attach(t.Context(), &apiv1.Endpoint{
		Network: uint32(network), Address: addr, Mac: "02:42:0a:07:00:02", Port: port, Container: container, Id: "e1d2c3" + container, Labels: labels,
	}); err != nil {
		t.Fatal(err)
	}
}

// TestBadPoliciesAreRefused: nothing of the request is stored, and all that is
// wrong is told with its place.
func TestBadPoliciesAreRefused(t *testing.T) {
	h := build(t)
	admin := h.user(trust.RoleAdmin)
	h.network("web", "10.7.0.0/24")
	over, err := h.local().Networks.Create(t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: "wire", Subnet: "10.8.0.0/24", Driver: "overlay"},
	}))
	h.must(err)
	h.eventually("the overlay is in the view", func() bool {
		return h.hub.View().Network(linkspan.NetworkID(over.Msg.GetNetwork().GetId())) != nil
	})
	_, err = applyPolicies(t.Context(), admin, &apiv1.Policy{Name: "stored", Priority: 5, Action: "deny", To: label("a", "b")})
	h.must(err)
	_, err = admin.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: "shop", Networks: []string{"web"}}))
	h.must(err)
	for name, c := range map[string]struct {
		policy *apiv1.Policy
		want   string
	}{
		"unknown network": {&apiv1.Policy{From: []*apiv1.PolicySelector{{Network: "web"}, {Network: "nope"}}}, "1 spec.from[1].network: network nope does not exist"},
		"an overlay":      {&apiv1.Policy{To: []*apiv1.PolicySelector{{Network: "wire"}}}, "1 spec.to[0].network: network wire is an overlay, whose packets no policy sees"},
		"unknown group":   {&apiv1.Policy{To: []*apiv1.PolicySelector{{Group: "shop"}, {Group: "ship"}}}, "1 spec.to[1].group: group ship does not exist"},
		"unknown switch":  {&apiv1.Policy{To: []*apiv1.PolicySelector{{Endpoint: "h9/web"}}}, "1 spec.to[0].endpoint: switch h9 does not exist"},
		"no action":       {&apiv1.Policy{Action: "-"}, `1 spec.action: action "-" is not known`},
		"bad priority":    {&apiv1.Policy{Priority: 65536}, "1 spec.priority: priority 65536 is not one"},
		"bad cidr":        {&apiv1.Policy{To: []*apiv1.PolicySelector{{Cidr: "10.7.0.0"}}}, `1 spec.to[0].cidr: cidr "10.7.0.0" is not understood`},
		"bad ports":       {&apiv1.Policy{Ports: []string{"tcp", "nope"}}, `1 spec.ports[1]: ports "nope" are not understood: protocol "nope" is not known`},
		"bad name":        {&apiv1.Policy{Name: "a/b"}, `1 metadata.name: policy name "a/b" has a character that is not allowed`},
		"nothing said":    {&apiv1.Policy{To: []*apiv1.PolicySelector{{}}}, "1 spec.to[0]: the selector says nothing; leave the list out for anyone"},
		"twice":           {&apiv1.Policy{Name: "good"}, "1 metadata.name: policy good is there twice"},
		"against a stored one": {&apiv1.Policy{Priority: 5, To: label("a", "b")},
			"1 spec.action: the policy contradicts stored, which does deny with the same, at the same priority 5"},
		"against another of the request": {&apiv1.Policy{Priority: 7, Action: "deny"},
			"1 spec.action: the policy contradicts good, which does allow with the same, at the same priority 7"},
	} {
		t.Run(name, func(t *testing.T) {
			good := &apiv1.Policy{Name: "good", Priority: 7, Action: "allow"}
			if c.policy.Name == "" {
				c.policy.Name = "bad"
			}
			if c.policy.Action == "" {
				c.policy.Action = "allow"
			}
			_, err := applyPolicies(t.Context(), admin, good, c.policy)
			refused(t, err, linkspan.Invalid)
			if got := problemsOf(err); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			_, err = admin.Policies.Test(t.Context(), connect.NewRequest(&apiv1.PolicyServiceTestRequest{Policies: []*apiv1.Policy{good, c.policy}}))
			if got := problemsOf(err); got != c.want {
				t.Errorf("the dry run says\n%s\nwant\n%s", got, c.want)
			}
			if got := h.policies(); got != "stored" {
				t.Errorf("stored: %s", got)
			}
		})
	}
	// One that takes the place of what it would contradict is none of these.
	_, err = applyPolicies(t.Context(), admin, &apiv1.Policy{Name: "stored", Priority: 5, Action: "allow", To: label("a", "b")})
	h.must(err)
}

func TestPoliciesAreForOperators(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	for _, c := range []*api.Client{h.user(trust.RoleViewer), h1.Client} {
		_, err := applyPolicies(t.Context(), c, &apiv1.Policy{Name: "x", Action: "deny"})
		refused(t, err, linkspan.Permission)
		_, err = c.Policies.Remove(t.Context(), connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: "x"}))
		refused(t, err, linkspan.Permission)
		_, err = c.Policies.List(t.Context(), connect.NewRequest(&apiv1.PolicyServiceListRequest{}))
		h.must(err)
	}
}

// TestSwitchesDoNotAskAllOthers: a dry run for a switch says what it cannot say, and asks
// nobody for routes; of too many policies none is read.
func TestSwitchesDoNotAskAllOthers(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	h.hub.mu.Lock()
	h.hub.routes = []linkspan.Route{{Network: 1, NetworkB: 1, A: addrOf("10.7.0.2"), B: addrOf("10.7.0.3")}}
	h.hub.mu.Unlock()
	for _, c := range []struct {
		by     *api.Client
		routes uint32
	}{{h1.Client, 0}, {h.user(trust.RoleViewer), 1}} {
		r, err := c.by.Policies.Test(t.Context(), connect.NewRequest(&apiv1.PolicyServiceTestRequest{Policies: []*apiv1.Policy{{Name: "x", Action: "deny"}}}))
		h.must(err)
		if told := slices.ContainsFunc(r.Msg.GetWarnings(), func(s string) bool { return strings.Contains(s, "not looked at") }); r.Msg.GetRoutesAsked() != c.routes || told != (c.routes == 0) {
			t.Errorf("%d routes were asked for, warnings %q", r.Msg.GetRoutesAsked(), r.Msg.GetWarnings())
		}
	}
	many := make([]*apiv1.Policy, linkspan.MaxPolicies+1)
	for i := range many {
		many[i] = &apiv1.Policy{Name: "x", Action: "deny"}
	}
	_, err := h1.Policies.Test(t.Context(), connect.NewRequest(&apiv1.PolicyServiceTestRequest{Policies: many}))
	refused(t, err, linkspan.Invalid)
}

func effectText(e *apiv1.PolicyEffect) string {
	verdict := func(v *apiv1.PolicyVerdict) string {
		return v.GetAction() + "[" + v.GetPolicy() + v.GetReason() + "]"
	}
	name := func(name, address string) string {
		if name == "" {
			return address
		}
		return name
	}
	return fmt.Sprintf("%s>%s %s %s %s", name(e.GetFromName(), e.GetFrom()), name(e.GetToName(), e.GetTo()), e.GetPorts(), verdict(e.GetBefore()), verdict(e.GetAfter()))
}

// shop is a house of two hosts with a, of the shop, and b, of the database, in web, b in
// back, and a policy that nobody may open SSH to the database.
func shop(t *testing.T) (h *house, h2 host, web linkspan.NetworkID) {
	h = build(t)
	h1 := h.join("h1")
	h2 = h.join("h2")
	web, back := h.network("web", "10.7.0.0/24"), h.network("back", "10.8.0.0/24")
	h1.labelled(t, web, "a", 11, map[string]string{"app": "shop"})
	h2.labelled(t, web, "b", 11, map[string]string{"app": "db"})
	h2.labelled(t, back, "b", 12, nil)
	h.eventually("all are in the view", func() bool { _, n, _ := h.hub.View().Len(); return n == 3 && labelledNow(h) == 2 })
	_, err := applyPolicies(t.Context(), h.user(trust.RoleAdmin), &apiv1.Policy{Name: "no-ssh", Priority: 9, Action: "deny", To: label("app", "db"), Ports: []string{"tcp/22"}})
	h.must(err)
	h.eventually("it is in the view", func() bool { return h.hub.View().CountPolicies() == 1 })
	return h, h2, web
}

func addrOf(s string) netip.Addr { return netip.MustParseAddr(s) }
