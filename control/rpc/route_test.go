// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/view"
)

func TestRouteList(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	a, b := netip.MustParseAddr(h1.run(t, web, "a", 11)), netip.MustParseAddr(h2.run(t, web, "b", 11))
	h.eventually("both endpoints are in the view", func() bool {
		return h.hub.View().Endpoint(view.Key{Network: web, Address: b}) != nil
	})
	stranger := netip.MustParseAddr("10.99.0.1")
	h.hub.routes = []linkspan.Route{
		{
			ID: linkspan.RouteIDOf(web, a, b), Network: web, NetworkB: web, A: a, B: b, Chassis: []linkspan.ChassisID{h1.id, h2.id}, Transport: linkspan.Tunnel,
			Flows: []linkspan.RouteFlow{
				{Chassis: h1.id, From: a, To: b, Packets: 10, Bytes: 1000, Age: 3 * time.Second, Idle: 30 * time.Second, Text: "flow 1"},
				{Chassis: h2.id, From: b, To: a, Packets: 5, Bytes: 500, Age: 4 * time.Second, Idle: 30 * time.Second, Text: "flow 2"},
			},
		},
		{Network: 99, A: stranger, B: stranger, Chassis: []linkspan.ChassisID{99}, Transport: linkspan.Local}, // left over
	}
	h.hub.missing = []linkspan.ChassisID{h2.id, 99}
	r, err := h.local().Routes.List(t.Context(), connect.NewRequest(&apiv1.RouteServiceListRequest{Network: "web", Chassis: "h1"}))
	if err != nil {
		t.Fatal(err)
	}
	if h.hub.filter != (control.Filter{Network: web, Chassis: h1.id}) {
		t.Errorf("asked for %+v", h.hub.filter)
	}
	if diff := cmp.Diff([]string{"h2", linkspan.ChassisID(99).DPID().String()}, r.Msg.GetMissing()); diff != "" {
		t.Errorf("missing:\n%s", diff)
	}
	got := r.Msg.GetRoutes()
	if len(got) != 2 {
		t.Fatalf("got %v", got)
	}
	first := got[0]
	if first.GetAName() != "h1/a" || first.GetBName() != "h2/b" || first.GetNetwork() != "web" || first.GetTransport() != "tunnel" ||
		first.GetPackets() != 15 || first.GetBytes() != 1500 || first.GetAge().AsDuration() != 4*time.Second ||
		first.GetIdle().AsDuration() != 30*time.Second || len(first.GetFlows()) != 2 || first.GetFlows()[1].GetText() != "flow 2" {
		t.Errorf("got %s", protojson.Format(first))
	}
	if left := got[1]; left.GetNetwork() != "000063" || left.GetAName() != "" || left.GetChassis()[0] != linkspan.ChassisID(99).DPID().String() {
		t.Errorf("what the view does not know is told by number: got %s", protojson.Format(left))
	}
	for _, msg := range []*apiv1.RouteServiceListRequest{{Network: "none"}, {Chassis: "none"}} {
		_, err := h.local().Routes.List(t.Context(), connect.NewRequest(msg))
		refused(t, err, linkspan.NotFound)
	}
}

// Real sessions with simulated switches plug and deny what is watched.
func TestRouteWatch(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	key := func(network linkspan.NetworkID, container string, port uint32) view.Key {
		return view.Key{Network: network, Address: netip.MustParseAddr(h1.run(t, network, container, port))}
	}
	w1, w2, d1, d2 := key(web, "w1", 11), key(web, "w2", 12), key(db, "d1", 13), key(db, "d2", 14)
	h.eventually("all endpoints are in the view", func() bool { return h.hub.View().Endpoint(d2) != nil })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	fabric := controltest.NewFabric(h.hub.Hub)
	defer fabric.Wait()
	defer cancel()
	fabric.Connect(ctx, h1.id)
	h.eventually("the switch is ready", func() bool { info, ok := h.hub.Hub.Connected(h1.id); return ok && info.Ready })

	stream, err := h.local().Routes.Watch(ctx, connect.NewRequest(&apiv1.RouteServiceWatchRequest{Network: "db"}))
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() || stream.Msg().GetKind() != apiv1.RouteServiceWatchResponse_KIND_UNSPECIFIED {
		t.Fatalf("an empty message comes first: %v, %v", stream.Msg(), stream.Err())
	}
	fabric.Ping(w1, w2, 64) // of another network
	fabric.Ping(d1, d2, 64)
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	m := stream.Msg()
	if m.GetKind() != apiv1.RouteServiceWatchResponse_KIND_PLUGGED || m.GetNetwork() != "db" || m.GetChassis() != "h1" ||
		m.GetFrom() != d1.Address.String() || m.GetFromName() != "h1/d1" || m.GetToName() != "h1/d2" || m.GetReason() == "" || m.GetTime() == nil {
		t.Errorf("got %s", protojson.Format(m))
	}
	cancel()
	_ = stream.Close() // its context has ended
}

func TestRouteWatchOfNothing(t *testing.T) {
	h := build(t)
	stream, err := h.local().Routes.Watch(t.Context(), connect.NewRequest(&apiv1.RouteServiceWatchRequest{Network: "none"}))
	if err != nil {
		t.Fatal(err)
	}
	if stream.Receive() {
		t.Errorf("got %v", stream.Msg())
	}
	refused(t, stream.Err(), linkspan.NotFound)
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
}
