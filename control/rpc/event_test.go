// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/rpc"
	"github.com/linkspan/linkspan/trust"
)

func (c host) report(ctx context.Context, e *apiv1.Event) error {
	_, err := c.Chassis.Report(ctx, connect.NewRequest(&apiv1.ChassisServiceReportRequest{Event: e}))
	return err
}

// last returns the newest event.
func (h *house) last() *apiv1.Event {
	h.t.Helper()
	r, err := h.user(trust.RoleViewer).Events.List(h.t.Context(), connect.NewRequest(&apiv1.EventServiceListRequest{Limit: 1}))
	if err != nil || len(r.Msg.GetEvents()) != 1 {
		h.t.Fatalf("got %v, %v", r, err)
	}
	return r.Msg.GetEvents()[0]
}

func TestReport(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	if err := h1.report(t.Context(), &apiv1.Event{
		Kind: string(linkspan.NetworkRestored), Subject: "web", Message: "it is back", Chassis: "h2", Actor: "admin ada",
	}); err != nil {
		t.Fatal(err)
	}
	if e := h.last(); e.GetKind() != "network.restored" || e.GetSubject() != "web" || e.GetMessage() != "it is back" ||
		e.GetChassis() != "h1" || e.GetActor() != "chassis h1" || e.GetTime() == nil {
		t.Errorf("a chassis speaks for itself: got %v", e)
	}
	long := strings.Repeat("x", 5000)
	for _, e := range []*apiv1.Event{{Message: long}, {Subject: long}, {Kind: long}} {
		refused(t, h1.report(t.Context(), e), linkspan.Invalid)
	}
}

func TestEventListLimits(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	for range 110 {
		if err := h1.report(t.Context(), &apiv1.Event{Kind: string(linkspan.NetworkRestored), Subject: "y"}); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[uint32]int{0: 100, 1: 1, 105: 105, 1<<32 - 1: 111} {
		r, err := h.local().Events.List(t.Context(), connect.NewRequest(&apiv1.EventServiceListRequest{Limit: limit}))
		if err != nil || len(r.Msg.GetEvents()) != want {
			t.Errorf("limit %d: got %d events, %v", limit, len(r.Msg.GetEvents()), err)
		}
	}
}

func TestEventWatch(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := h.user(trust.RoleViewer).Events.Watch(ctx, connect.NewRequest(&apiv1.EventServiceWatchRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() || stream.Msg().GetEvent() != nil {
		t.Fatalf("an empty message comes first: %v, %v", stream.Msg(), stream.Err())
	}
	reporting, enough := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for reporting.Err() == nil {
			_ = h1.report(reporting, &apiv1.Event{Kind: string(linkspan.NetworkRestored), Subject: "now"}) // until one is seen
		}
	}()
	if !stream.Receive() || stream.Msg().GetEvent().GetSubject() != "now" {
		t.Errorf("got %v, %v", stream.Msg(), stream.Err())
	}
	enough()
	<-ended
	cancel()
	_ = stream.Close() // its context has ended
}

// TestSlowEventWatcherIsEnded: what it does not read is kept up to a bound, and
// then it is told that it missed some.
func TestSlowEventWatcherIsEnded(t *testing.T) {
	h := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := h.user(trust.RoleViewer).Events.Watch(ctx, connect.NewRequest(&apiv1.EventServiceWatchRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	noise := make([]byte, 8<<10) // what compresses well fits the connection's window many times
	rand.NewChaCha8([32]byte{}).Read(noise)
	long := hex.EncodeToString(noise)
	got := 0
	for more := true; more; more = stream.Receive() { // one is read while eight happen
		got++
		for range 8 {
			if err := h.store.AppendEvent(t.Context(), linkspan.Event{Kind: "x", Subject: "y", Message: long}); err != nil {
				t.Fatal(err)
			}
		}
	}
	refused(t, stream.Err(), linkspan.Unavailable)
	if ctx.Err() != nil || got == 0 {
		t.Errorf("got %d events, %v", got, ctx.Err())
	}
	_ = stream.Close() // it has ended
}

// behalf adds the header that names who typed a command on a switch.
type behalf struct {
	http.RoundTripper
	name string
}

func (b behalf) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(rpc.OnBehalfHeader, b.name)
	return b.RoundTripper.RoundTrip(r)
}

func TestOnBehalf(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	admin := h.keeper(trust.Identity{Kind: trust.KindUser, Name: "ada", Role: trust.RoleAdmin})
	as := func(keeper *trust.Keeper, name string) *api.Client {
		config := trust.TLS{Keeper: keeper}.ClientConfig(trust.KindController, "")
		return api.NewClient(&http.Client{Transport: behalf{h.transport(config), name}}, h.url)
	}
	for i, c := range []struct {
		client *api.Client
		actor  string
	}{
		{as(h1.keeper, "bob"), "bob on h1"},
		{as(h1.keeper, ""), "chassis h1"},
		{as(h1.keeper, "bob on h2"), "chassis h1"}, // no proper name
		{as(h1.keeper, strings.Repeat("b", 64)), "chassis h1"},
		{as(admin, "bob"), "admin ada"}, // only a switch passes on
	} {
		name := "n" + string(rune('a'+i))
		if _, err := create(t, c.client, &apiv1.Network{Name: name, Subnet: "10.7.0.0/24"}, false); err != nil {
			t.Fatal(err)
		}
		if e := h.last(); e.GetSubject() != name || e.GetActor() != c.actor {
			t.Errorf("got %v, want actor %s", e, c.actor)
		}
	}
	_, err := as(h1.keeper, "root").Switches.CreateToken(t.Context(), connect.NewRequest(&apiv1.SwitchServiceCreateTokenRequest{}))
	refused(t, err, linkspan.Permission) // the name gives no rights
	unix := api.UnixTransport(h.socket)
	defer unix.CloseIdleConnections()
	local := api.NewClient(&http.Client{Transport: behalf{unix, "bob"}}, "http://linkspan")
	if _, err := create(t, local, &apiv1.Network{Name: "z", Subnet: "10.7.0.0/24"}, false); err != nil {
		t.Fatal(err)
	}
	if e := h.last(); e.GetActor() != "admin root" {
		t.Errorf("got %v", e)
	}
}
