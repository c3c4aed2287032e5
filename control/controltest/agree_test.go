// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// town is a fabric of two hosts with networks of which two overlap, where things
// change at random.
type town struct {
	hub     *control.Hub
	fabric  *controltest.Fabric
	peering *peering.Peering

	mu  sync.Mutex
	got map[view.Key][]netip.Addr // who got an echo request, from which addresses
}

var townSubnets = []netip.Prefix{
	netip.MustParsePrefix("10.1.0.0/24"), netip.MustParsePrefix("10.2.0.0/24"), netip.MustParsePrefix("10.3.0.0/24"), netip.MustParsePrefix("10.3.0.0/16"),
}

// TestFlowsAgreeWithTheDecider: whatever groups, links and endpoints change to, a
// packet arrives if, and only if, the decider allows it, be it the first or a later
// one, and no flow on a switch says otherwise than the View of that moment.
func TestFlowsAgreeWithTheDecider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Within a bubble nobody may ask for the test's deadline.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			w := newTown()
			ctx, cancel := context.WithCancel(context.Background())
			defer func() { cancel(); w.fabric.Wait() }()
			followed := w.follow(ctx)
			defer func() { cancel(); <-followed }()
			w.fabric.Connect(ctx, 1)
			w.fabric.Connect(ctx, 2)
			synctest.Wait()
			t.Repeat(map[string]func(*rapid.T){
				"group":    w.regroup,
				"link":     w.relink,
				"endpoint": w.move,
				"paths":    w.prove,
				"network":  w.want,
				"ping":     w.ping,
				"again":    w.ping,
				"wait": func(t *rapid.T) {
					time.Sleep(time.Duration(rapid.IntRange(1, 12).Draw(t, "seconds")) * time.Second)
					for _, id := range []linkspan.ChassisID{1, 2} {
						w.fabric.Switch(id).Expire()
					}
				},
				"reconnect": func(t *rapid.T) {
					id := linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis"))
					_ = w.fabric.Conn(id).Close()
					synctest.Wait()
					w.fabric.Connect(ctx, id)
				},
				"": w.agree,
			})
		})
	})
}

func newTown() *town {
	p := peering.New()
	w := &town{
		hub: control.New(control.Config{Log: slog.New(slog.DiscardHandler), Peers: p}), peering: p, got: make(map[view.Key][]netip.Addr),
	}
	w.fabric = controltest.NewFabric(w.hub)
	w.fabric.Deliver = w.delivered
	for id := linkspan.ChassisID(1); id <= 2; id++ {
		w.hub.Update(view.PutChassis(&linkspan.Chassis{ID: id, Name: fmt.Sprint("h", id), Underlay: netip.AddrFrom4([4]byte{192, 0, 2, byte(id)})}))
	}
	for i, subnet := range townSubnets {
		n := &linkspan.Network{ID: linkspan.NetworkID(i + 1), Name: fmt.Sprint("n", i+1), Subnet: subnet, Idle: time.Duration(10+i) * time.Second}
		w.hub.Update(view.PutNetwork(n))
	}
	return w
}

// follow acknowledges the peers of both chassis, as their switch processes do; the
// channel is closed when nobody does any more.
func (w *town) follow(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	streams := []*peering.Stream{w.peering.Attach(1), w.peering.Attach(2)}
	go func() {
		defer close(done)
		for sequence := uint64(1); ; sequence++ {
			select {
			case <-ctx.Done():
				return
			case <-streams[0].Changed():
			case <-streams[1].Changed():
			}
			for i, s := range streams {
				if _, ok := s.Take(sequence); ok {
					w.peering.Acknowledge(linkspan.ChassisID(i+1), sequence)
				}
			}
		}
	}()
	return done
}

func (w *town) regroup(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group")
	// The networks 3 and 4 overlap: what the store refuses is not drawn.
	sets := [][]linkspan.NetworkID{nil, {1}, {1, 2}, {1, 3}, {2, 3}, {1, 2, 3}}
	if name == "b" {
		sets = [][]linkspan.NetworkID{nil, {1, 2}, {2}, {2, 3}}
	}
	networks := rapid.SampledFrom(sets).Draw(t, "networks")
	if networks == nil {
		w.hub.Update(view.RemoveGroup(name))
		return
	}
	w.hub.Update(view.PutGroup(&linkspan.Group{Name: name, Networks: networks}))
}

func (w *town) relink(t *rapid.T) {
	end := func(what string) linkspan.LinkEnd {
		return linkspan.LinkEnd{
			Chassis: linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, what+" chassis")), Container: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, what),
			Network: linkspan.NetworkID(rapid.SampledFrom([]int{0, 0, 0, 1, 4}).Draw(t, what+" network")),
		}
	}
	l := linkspan.LinkOf(end("a"), end("b"), rapid.SampledFrom([]linkspan.LinkVerdict{linkspan.LinkAllow, linkspan.LinkDeny, ""}).Draw(t, "verdict"))
	if l.Verdict == "" || l.A.Same(l.B) {
		w.hub.Update(view.RemoveLink(l.A, l.B))
		return
	}
	w.hub.Update(view.PutLink(&l))
}

// want has a network ask for another transport.
func (w *town) want(t *rapid.T) {
	n := *w.hub.View().Network(linkspan.NetworkID(rapid.IntRange(1, len(townSubnets)).Draw(t, "network")))
	n.Transport = rapid.SampledFrom([]linkspan.Transport{"", linkspan.Tunnel, linkspan.Direct}).Draw(t, "transport")
	w.hub.Update(view.PutNetwork(&n))
}

// prove has the chassis prove the direct path to each other, as peers do, or lose it,
// and moves one to another site and back.
func (w *town) prove(t *rapid.T) {
	for id := linkspan.ChassisID(1); id <= 2; id++ {
		p := linkspan.Paths{From: id}
		p = p.Set(3-id, rapid.IntRange(0, 3).Draw(t, "proved") > 0 && w.peering.Share(1, 2))
		w.hub.Update(view.PutPaths(&p))
	}
	c := *w.hub.View().Chassis(2)
	c.Site = rapid.SampledFrom([]string{"", "", "", "", "ams"}).Draw(t, "site")
	w.hub.Update(view.PutChassis(&c))
}

// move puts an endpoint, moves it, renames it, or takes it away.
func (w *town) move(t *rapid.T) {
	network := rapid.IntRange(1, len(townSubnets)).Draw(t, "network")
	last := byte(rapid.IntRange(2, 4).Draw(t, "address"))
	four := townSubnets[network-1].Addr().As4()
	four[3] = last
	e := &linkspan.Endpoint{Network: linkspan.NetworkID(network), Address: netip.AddrFrom4(four)}
	if rapid.IntRange(0, 4).Draw(t, "gone") == 0 {
		w.hub.Update(view.RemoveEndpoint(e.Network, e.Address))
		return
	}
	e.Chassis = linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis"))
	e.Port = uint32(network*10) + uint32(last)
	e.MAC = linkspan.MAC{2, byte(network), four[0], four[1], four[2], four[3]}
	e.Container = rapid.SampledFrom([]string{"x", "y", "z", "z", ""}).Draw(t, "container")
	w.hub.Update(view.PutEndpoint(e))
}

func (w *town) delivered(at linkspan.ChassisID, port uint32, frame []byte) {
	var p packet.Packet
	if packet.Parse(frame, &p) != nil || !p.IsIPv4() {
		return
	}
	if kind, _ := p.ICMPType(); kind != packet.ICMPEchoRequest {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for e := range w.hub.View().Attached(at) {
		if e.Port == port {
			w.got[view.KeyOf(e)] = append(w.got[view.KeyOf(e)], p.Src())
		}
	}
}

// ping sends from one endpoint to the address of another and looks who got it.
func (w *town) ping(t *rapid.T) {
	v := w.hub.View()
	all := w.attached(v)
	if len(all) < 2 {
		return
	}
	from := rapid.SampledFrom(all).Draw(t, "from")
	to := rapid.SampledFrom(all).Draw(t, "to")
	if from == to {
		return
	}
	w.mu.Lock()
	clear(w.got)
	w.mu.Unlock()
	before := w.hub.Counters().PacketIns.Load()
	w.fabric.Ping(view.KeyOf(from), view.Key{Address: to.Address}, 64)
	time.Sleep(100 * time.Millisecond) // of the bubble: chassis may become peers first
	synctest.Wait()
	p := decide.Packet{Chassis: from.Chassis, Port: from.Port, Network: from.Network, Source: from.Address, Destination: to.Address, TTL: 64}
	var d decide.Decision
	decide.Decide(v, &p, &d)
	want := map[view.Key][]netip.Addr{}
	if d.Verdict == decide.Allow {
		want[view.KeyOf(d.Destination)] = []netip.Addr{from.Address}
	}
	if d.Reason == decide.NoPath && w.hub.Counters().PacketIns.Load() > before && !w.peering.Share(from.Chassis, d.Destination.Chassis) {
		t.Fatalf("%s to %s: nobody looks for the path", view.KeyOf(from), to.Address)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if fmt.Sprint(w.got) != fmt.Sprint(want) {
		t.Fatalf("%s to %s: %s (%s); it came to %v", view.KeyOf(from), to.Address, d.Verdict, d.Reason, w.got)
	}
}

func (w *town) attached(v *view.View) (all []*linkspan.Endpoint) {
	for e := range v.Endpoints() {
		if e.Attached() {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *linkspan.Endpoint) int {
		return a.Address.Compare(b.Address)*16 + int(a.Network) - int(b.Network)
	})
	return all
}

// agree looks at every flow of a decision on both switches.
func (w *town) agree(t *rapid.T) {
	synctest.Wait()
	v := w.hub.View()
	if !v.Share(1, 2) && !v.MayTalk(1, 2) && w.peering.Share(1, 2) {
		t.Fatal("peers without a reason")
	}
	for _, id := range []linkspan.ChassisID{1, 2} {
		for _, f := range w.fabric.Switch(id).Flows() {
			switch pipeline.Cookie(f.Cookie).Kind() {
			case pipeline.KindRoute:
				stats := &openflow.FlowStats{
					TableID: f.TableID, Priority: f.Priority, IdleTimeout: f.IdleTimeout, HardTimeout: f.HardTimeout,
					Cookie: f.Cookie, Match: f.Match, Instructions: f.Instructions,
				}
				if !pipeline.Current(v, id, stats) {
					t.Fatalf("chassis %d has a route without a reason: %s", id, f.String())
				}
			case pipeline.KindDeny:
				w.denied(t, v, id, f)
			}
		}
	}
}

// denied looks whether a flow denies somebody on its chassis who is allowed.
func (w *town) denied(t *rapid.T, v *view.View, on linkspan.ChassisID, f controltest.Flow) {
	network, _ := f.Match.Uint(openflow.Reg(0))
	sender, arrived := f.Match.Uint(openflow.Reg(2))
	src, bySource := f.Match.Addr(openflow.FieldIPv4Src)
	dst, byDestination := f.Match.Addr(openflow.FieldIPv4Dst)
	for _, from := range w.attached(v) {
		for _, to := range w.attached(v) {
			if bySource && from.Address != src || byDestination && to.Address != dst || from == to {
				continue
			}
			here := !arrived && from.Chassis == on && uint64(from.Network) == network
			there := arrived && to.Chassis == on && uint64(to.Network) == network && uint64(from.Chassis) == sender && from.Chassis != on
			if !here && !there {
				continue
			}
			if d := decide.Between(v, from, to); d.Verdict == decide.Allow {
				t.Fatalf("chassis %d denies %s to %s, which %s: %s", on, view.KeyOf(from), view.KeyOf(to), d.Reason, f.String())
			}
		}
	}
}
