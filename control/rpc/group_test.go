// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// groups is what the list of groups says, as text.
func groups(t *testing.T, c *api.Client) string {
	t.Helper()
	r, err := c.Groups.List(t.Context(), connect.NewRequest(&apiv1.GroupServiceListRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, g := range r.Msg.GetGroups() {
		text := g.GetName()
		for _, n := range g.GetNetworks() {
			text += " " + n.GetName()
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func TestGroups(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	created, err := operator.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{
		Name: "shop", Labels: map[string]string{"team": "blue"}, Networks: []string{"web"},
	}))
	h.must(err)
	if g := created.Msg.GetGroup(); g.GetCreator() == "" || g.GetCreated() == nil || g.GetLabels()["team"] != "blue" {
		t.Errorf("created %v", g)
	}
	for range 2 { // it is safe to repeat
		_, err = operator.Groups.Add(t.Context(), connect.NewRequest(&apiv1.GroupServiceAddRequest{Group: "shop", Networks: []string{"db"}}))
		h.must(err)
	}
	if got := groups(t, h.user(trust.RoleViewer)); got != "shop db web" {
		t.Errorf("listed %q", got)
	}
	h.eventually("the view has the group", func() bool { return h.hub.View().Shares(web, db) != nil })
	_, err = operator.Groups.Leave(t.Context(), connect.NewRequest(&apiv1.GroupServiceLeaveRequest{Group: "shop", Networks: []string{db.String()}}))
	h.must(err)
	h.eventually("the view has them apart", func() bool { return h.hub.View().Shares(web, db) == nil })
	if _, err = operator.Networks.Remove(t.Context(), connect.NewRequest(&apiv1.NetworkServiceRemoveRequest{Network: "web"})); err != nil {
		t.Errorf("a network in a group cannot be removed: %v", err)
	}
	if got := groups(t, operator); got != "shop" {
		t.Errorf("listed %q", got)
	}
	_, err = operator.Groups.Remove(t.Context(), connect.NewRequest(&apiv1.GroupServiceRemoveRequest{Group: "shop"}))
	h.must(err)
	h.eventually("the view has no group", func() bool { return h.hub.View().Group("shop") == nil })
	if e := h.last(); e.GetKind() != string(linkspan.GroupRemoved) || e.GetSubject() != "shop" {
		t.Errorf("the last event is %v", e)
	}
}

// link connects, disconnects or clears two containers.
func (h *house) link(c *api.Client, do, a, b string) error {
	ctx := h.t.Context()
	var err error
	switch do {
	case "connect":
		_, err = c.Links.Connect(ctx, connect.NewRequest(&apiv1.LinkServiceConnectRequest{A: a, B: b}))
	case "disconnect":
		_, err = c.Links.Disconnect(ctx, connect.NewRequest(&apiv1.LinkServiceDisconnectRequest{A: a, B: b}))
	case "clear":
		_, err = c.Links.Clear(ctx, connect.NewRequest(&apiv1.LinkServiceClearRequest{A: a, B: b}))
	}
	return api.FromRPC(err)
}

// links is what the list of links says, as text.
func links(t *testing.T, c *api.Client) string {
	t.Helper()
	r, err := c.Links.List(t.Context(), connect.NewRequest(&apiv1.LinkServiceListRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range r.Msg.GetLinks() {
		end := func(e *apiv1.LinkEnd) string {
			return strings.TrimSuffix(fmt.Sprintf("%s/%s.%s", e.GetChassis(), e.GetContainer(), e.GetNetwork()), ".") + fmt.Sprint(e.GetAddresses())
		}
		out = append(out, end(l.GetA())+" "+end(l.GetB())+" "+l.GetVerdict())
	}
	return strings.Join(out, "; ")
}

func TestLinks(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2 := h.join("h1"), h.join("h2")
	web, db, same := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24"), h.network("same", "10.7.0.0/16")
	h1.run(t, web, "a", 11)
	h1.run(t, web, "twin", 12)
	h2.run(t, web, "twin", 11)
	h2.run(t, db, "b", 12)
	h2.run(t, same, "c", 13)
	h.eventually("the view has them", func() bool { _, n, _ := h.hub.View().Len(); return n == 5 })

	h.must(h.link(operator, "connect", "a", "h2/b"))
	if got := links(t, operator); !strings.HasPrefix(got, "h1/a[10.7.0.") || !strings.HasSuffix(got, "] allow") {
		t.Errorf("listed %q", got)
	}
	h.must(h.link(operator, "disconnect", "b", "h1/a")) // the later word, in the other order
	if got := links(t, operator); strings.Count(got, ";") != 0 || !strings.HasSuffix(got, "deny") {
		t.Errorf("listed %q", got)
	}
	h.must(h.link(operator, "disconnect", "a.web", "b.db"))
	if err := h.link(operator, "clear", "h1/a.web", "h2/b.db"); err != nil {
		t.Errorf("one of two by its whole name: %v", err)
	}
	h.must(h.link(operator, "clear", "b", "a"))
	if got := links(t, operator); got != "" {
		t.Errorf("listed %q", got)
	}

	for _, c := range []struct {
		do, a, b, says string
		code           linkspan.Code
	}{
		{"connect", "twin", "b", "h1/twin (10.7.0.", linkspan.Conflict},
		{"connect", "twin", "b", "h2/twin (10.7.0.", linkspan.Conflict},
		{"connect", "nobody", "b", "nobody", linkspan.NotFound},
		{"connect", "a", "a", "two containers", linkspan.Invalid},
		{"connect", "a", "c", "overlap", linkspan.Invalid},
		{"clear", "a", "b", "no link", linkspan.NotFound},
		{"connect", "", "b", "not understood", linkspan.Invalid},
	} {
		err := h.link(operator, c.do, c.a, c.b)
		if linkspan.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s %s: %v", c.do, c.a, c.b, err)
		}
	}
	h.must(h.link(operator, "disconnect", "a", "c")) // who overlaps may be kept apart all the same
	if err := h.link(h.user(trust.RoleViewer), "clear", "a", "c"); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("a viewer: %v", err)
	}
}
