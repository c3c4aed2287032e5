// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

func explained(ctx context.Context, c *api.Client, from, to, ports string) (*apiv1.TraceServiceExplainResponse, error) {
	r, err := c.Traces.Explain(ctx, connect.NewRequest(&apiv1.TraceServiceExplainRequest{Question: &apiv1.TraceQuestion{From: from, To: to, Ports: ports}}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	return r.Msg, nil
}

// commands writes what is told to be typed.
func commands(m *apiv1.TraceServiceExplainResponse) string {
	var all []string
	for _, r := range m.GetRemedies() {
		all = append(all, strings.Join(r.GetCommands(), "; "))
	}
	return strings.Join(all, " | ")
}

// traced is a house of two hosts: a in web and more and b in db, whose addresses are
// returned, and c in more.
func traced(t *testing.T) (h *house, h2 host, a, b string) {
	h = build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web, db, more := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24"), h.network("more", "10.9.0.0/24")
	a = h1.run(t, web, "a", 11)
	b = h2.run(t, db, "b", 12)
	h2.run(t, more, "c", 13)
	h1.run(t, more, "a", 14)
	h.eventually("all are in the view", func() bool {
		n := 0
		for range h.hub.View().Endpoints() {
			n++
		}
		return n == 4
	})
	return h, h2, a, b
}

func TestTrace(t *testing.T) {
	h, _, a, b := traced(t)
	viewer := h.user(trust.RoleViewer)
	m, err := explained(t.Context(), viewer, "a.web", "b", "tcp/5432")
	h.must(err)
	if got := m.GetVerdict(); got.GetVerdict() != "denied" || got.GetRule() != "nobody" || len(got.GetSteps()) != 5 {
		t.Errorf("verdict %v", got)
	}
	if e := m.GetFrom(); e.GetName() != "h1/a.web" || e.GetAddress() != a || m.GetTo().GetAddress() != b || m.GetPorts() != "tcp/5432" {
		t.Errorf("ends %v, %v", m.GetFrom(), m.GetTo())
	}
	var kinds []string
	for _, hop := range m.GetHops() {
		kinds = append(kinds, hop.GetKind())
		if hop.GetKind() == "switch" && !hop.GetMissing() {
			t.Errorf("%s has no session and is not missing", hop.GetName())
		}
	}
	if got := strings.Join(kinds, " "); got != "container switch switch container" {
		t.Errorf("hops %s", got)
	}
	// a has another network, so that its end of the link names one.
	if got := commands(m); got != "linkspan policy apply -f - | linkspan connect h1/a.web h2/b | linkspan group create web-db; linkspan group add web-db web db" {
		t.Errorf("told: %s", got)
	}
}

// TestTraceOfOthers: of networks that overlap, of ends and ports that are not one, and of
// what is outside.
func TestTraceOfOthers(t *testing.T) {
	h, h2, a, _ := traced(t)
	viewer := h.user(trust.RoleViewer)
	h2.run(t, h.network("over", "10.8.0.0/16"), "o", 15) // which could share no group with db
	var m *apiv1.TraceServiceExplainResponse
	var err error
	h.eventually("it is in the view", func() bool {
		m, err = explained(t.Context(), viewer, "o", "b", "icmp")
		return err == nil
	})
	if got := commands(m); strings.Contains(got, "linkspan") {
		t.Errorf("of networks that overlap is told: %s", got)
	}
	_, err = explained(t.Context(), viewer, "a", "b", "tcp/1")
	says(t, err, linkspan.Conflict, "h1/a.web ("+a+")", "h1/a.more")
	_, err = explained(t.Context(), viewer, "nobody", "b", "tcp/1")
	says(t, err, linkspan.NotFound, "nobody")
	_, err = explained(t.Context(), viewer, "a.web", "b", "tcp")
	says(t, err, linkspan.Invalid, "one port")
	_, err = explained(t.Context(), viewer, "a.web", "b", "tcp/5-7")
	says(t, err, linkspan.Invalid, "one port")
	if m, err = explained(t.Context(), viewer, "a.web", "8.8.8.8", "udp/53"); err != nil || m.GetHops()[2].GetKind() != "outside" {
		t.Errorf("to outside: %v, %v", m, err)
	}
}

// TestWhoMayNotProbe: who only looks, and of what there is no packet.
func TestWhoMayNotProbe(t *testing.T) {
	h, _, _, _ := traced(t)
	viewer := h.user(trust.RoleViewer)
	for name, c := range map[string]struct {
		client   *api.Client
		from, to string
		code     linkspan.Code
	}{
		"a viewer":       {viewer, "a.web", "b", linkspan.Permission},
		"from outside":   {h.local(), "192.0.2.9", "b", linkspan.Invalid},
		"a switch away":  {h.local(), "a.web", "b", linkspan.Unavailable},
		"nobody is that": {h.local(), "nobody", "b", linkspan.NotFound},
		"two families":   {h.local(), "a.web", "2001:db8::9", linkspan.Invalid},
	} {
		_, err := c.client.Traces.Probe(t.Context(), connect.NewRequest(&apiv1.TraceServiceProbeRequest{
			Question: &apiv1.TraceQuestion{From: c.from, To: c.to, Ports: "tcp/80"},
		}))
		t.Log(name)
		refused(t, err, c.code)
	}
}

// TestTraceInNetworksOfOneHost finds who is there by name and address.
func TestTraceInNetworksOfOneHost(t *testing.T) {
	h := build(t)
	h1 := h.backed("h1", "one")
	two := localIn("h1net1", "h1ep02", "two")
	two.Address, two.Address6 = "172.18.0.3", "fd00::3"
	_, err := h1.tell(t.Context(), &apiv1.LocalServiceChangeRequest{Revision: h1.compare(t).GetRevision(), Endpoints: []*apiv1.LocalEndpoint{two}})
	h.must(err)
	h.eventually("both are in the view", func() bool {
		_, n, _ := h.hub.View().LocalUse(h1.id)
		return n == 2
	})
	m, err := explained(t.Context(), h.local(), "one", "172.18.0.3", "tcp/80")
	h.must(err)
	if v := m.GetVerdict(); v.GetVerdict() != "elsewhere" || m.GetFrom().GetName() != "h1/one.back" || m.GetTo().GetName() != "h1/two.back" || !strings.Contains(v.GetReason(), "driver linkspan-bridge") {
		t.Errorf("got %v", m)
	}
}
