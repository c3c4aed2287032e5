// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/rpc"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// says checks the code of an error and parts of its words.
func says(t *testing.T, err error, code linkspan.Code, parts ...string) {
	t.Helper()
	if linkspan.CodeOf(err) != code || err == nil {
		t.Errorf("got %v, want an error of code %s", err, code)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// TestDisconnectWhereNothingEnforcesIt: what the kernel alone carries no link can
// stop, so that none is kept that says so.
func TestDisconnectWhereNothingEnforcesIt(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2 := h.join("h1"), h.join("h2")
	web, wire, other := h.network("web", "10.7.0.0/24"), h.overlay("wire", "10.9.0.0/24"), h.overlay("other", "10.10.0.0/24")
	h1.overlaid(t, wire, "a", 2)
	h2.overlaid(t, wire, "b", 3)
	h2.overlaid(t, other, "c", 4)
	says(t, h.link(operator, "disconnect", "a", "b"), linkspan.Invalid, "h1/a", "h2/b", "wire", "overlay")
	h1.run(t, web, "a", 11)
	h2.run(t, web, "b", 12)
	says(t, h.link(operator, "disconnect", "a", "b"), linkspan.Invalid, "wire")
	says(t, h.link(operator, "disconnect", "b.wire", "a"), linkspan.Invalid, "wire")
	if got := links(t, operator); got != "" {
		t.Fatalf("listed %q", got)
	}
	h.must(h.link(operator, "disconnect", "a", "c")) // of two overlays
	h.must(h.link(operator, "disconnect", "a.web", "b.web"))
	h.must(h.link(operator, "connect", "a", "b"))
}

// TestDisconnectInNetworkOfOneHost: nor what their host alone carries.
func TestDisconnectInNetworkOfOneHost(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	web := h.network("web", "10.7.0.0/24")
	h1 := h.backed("h1", "a")
	_, err := h1.tell(t.Context(), &apiv1.LocalServiceChangeRequest{
		Revision: h1.compare(t).GetRevision(), Endpoints: []*apiv1.LocalEndpoint{localIn("h1net1", "h1ep02", "b")},
	})
	h.must(err)
	h.eventually("the view has it", func() bool { return h.hub.View().LocalEndpoint(h1.id, "h1ep02") != nil })
	for i, name := range []string{"a", "b", "c"} {
		h1.run(t, web, name, uint32(11+i))
	}
	says(t, h.link(operator, "disconnect", "a", "b"), linkspan.Invalid, "back", "linkspan-bridge", "h1")
	h.must(h.link(operator, "disconnect", "a", "c"))
	h.must(h.link(operator, "disconnect", "a.web", "b.web"))
}

// TestLinksStayTrue: neither a group nor another link may make a link lead nowhere.
func TestLinksStayTrue(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2 := h.join("h1"), h.join("h2")
	web, red, blue, far := h.network("web", "10.7.0.0/24"), h.network("red", "10.9.0.0/24"), h.network("blue", "10.9.0.0/24"), h.network("far", "10.8.0.0/24")
	h1.run(t, web, "a", 11)
	h2.run(t, red, "r", 11)
	h2.run(t, blue, "b", 12)
	h2.run(t, far, "b", 13)
	h.must(h.link(operator, "connect", "a", "r"))

	_, err := operator.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: "g", Networks: []string{"web", "blue"}}))
	says(t, api.FromRPC(err), linkspan.Invalid, "h1/a and h2/r", "network blue")
	_, err = operator.Groups.Create(t.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: "g", Networks: []string{"web"}}))
	h.must(err)
	_, err = operator.Groups.Add(t.Context(), connect.NewRequest(&apiv1.GroupServiceAddRequest{Group: "g", Networks: []string{"blue"}}))
	says(t, api.FromRPC(err), linkspan.Invalid, "h1/a and h2/r", "network blue")

	// By network far the two would meet, but a would find two of one address.
	says(t, h.link(operator, "connect", "a", "b"), linkspan.Invalid, "h1/a and h2/r", "several containers")
	h.must(h.link(operator, "connect", "a", "b.far"))

	h.must(h.link(operator, "clear", "a", "r"))
	_, err = operator.Groups.Add(t.Context(), connect.NewRequest(&apiv1.GroupServiceAddRequest{Group: "g", Networks: []string{"blue"}}))
	h.must(err)
	says(t, h.link(operator, "connect", "a", "r"), linkspan.Invalid, "overlap")
}

// TestConnectWaitsForNames: who is not found is waited for as long as the name of one
// has not come, without reading the store all the time.
func TestConnectWaitsForNames(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	address := h1.run(t, web, "", 12)

	const patience = time.Second
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	before, begun := h.lists.Load(), time.Now()
	_, err := operator.Links.Connect(ctx, connect.NewRequest(&apiv1.LinkServiceConnectRequest{A: "a", B: "misspelled"}))
	if time.Since(begun) < patience/2 { // the server's time may be over a moment before
		t.Errorf("it did not wait: %v", err)
	}
	if n := h.lists.Load() - before; n > 2 {
		t.Errorf("all endpoints were read %d times", n)
	}

	connected := make(chan error, 1)
	go func() { connected <- h.link(operator, "connect", "a", "late") }()
	h.must(h1.attach(t.Context(), &apiv1.Endpoint{
		Network: uint32(web), Address: address, Mac: "02:42:0a:07:00:02", Port: 12, Container: "late", Id: "e1d2c3",
	}))
	h.must(<-connected)
}

// TestManyLinks: of which there may be no more, one may still be replaced.
func TestManyLinks(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	h1.run(t, web, "b", 12)
	fill(t, h.store, h1.id, rpc.MaxLinks-1)
	h.must(h.link(operator, "connect", "a", "b"))
	h1.run(t, web, "c", 13)
	says(t, h.link(operator, "connect", "a", "c"), linkspan.Exhausted, "links")
	h.must(h.link(operator, "disconnect", "a", "b"))
}

// fill stores so many links of containers that do not run.
func fill(t *testing.T, s *store.Store, on linkspan.ChassisID, n int) {
	t.Helper()
	for i := range n {
		l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: on, Container: fmt.Sprint("x", i)}, linkspan.LinkEnd{Chassis: on, Container: fmt.Sprint("y", i)}, linkspan.LinkAllow)
		if _, err := s.PutLink(t.Context(), l, nil); err != nil {
			t.Fatal(err)
		}
	}
}
