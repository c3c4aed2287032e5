// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// shore is a host at the edge of a fabric, where networks and policies come and go whose
// addresses are those of others outside.
type shore struct {
	hub    *control.Hub
	fabric *controltest.Fabric
	port   uint16

	mu  sync.Mutex
	got []uint32 // the ports by which packets left
}

// Who is outside, and what cuts the addresses around: some of networks, some of policies.
var (
	shoreOthers = []string{
		"198.51.100.7", "198.51.100.200", "203.0.113.9", "10.9.0.5", "10.7.0.1", "8.8.8.8",
		"2001:db8:5::7", "2001:db8:5:8000::9", "2001:db8:6::1", "fd00:9::5", "fd00:7::1", "2606::8",
	}
	shoreCuts = []string{
		"198.51.100.0/24", "198.51.100.128/25", "203.0.113.9/32", "10.9.0.0/16", "8.0.0.0/8", "192.0.0.0/4",
		"2001:db8:5::/48", "2001:db8:5:8000::/49", "2001:db8:6::1/128", "fd00:9::/32", "2600::/8", "2000::/4",
	}
)

// TestOutsideAgreesWithTheDecider: whatever networks and policies come and go, a packet of
// either family to somebody outside leaves, and one from there comes in, if and only if the decider
// allows it at that moment, and no flow says otherwise for anybody it is for.
func TestOutsideAgreesWithTheDecider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			w := newShore()
			ctx, cancel := context.WithCancel(context.Background())
			revised := make(chan struct{})
			go func() { defer close(revised); w.hub.Follow(ctx) }()
			defer func() { cancel(); w.fabric.Wait(); <-revised }()
			w.fabric.Connect(ctx, 1)
			synctest.Wait()
			t.Repeat(map[string]func(*rapid.T){
				"network": w.network, "policy": w.policy, "law": w.policy, "internal": w.internal, "endpoint": w.endpoint,
				"out": w.out, "again": w.out, "in": w.in,
				"wait": func(t *rapid.T) {
					time.Sleep(time.Duration(rapid.IntRange(1, 12).Draw(t, "seconds")) * time.Second)
					w.fabric.Switch(1).Expire()
				},
				"reconnect": func(*rapid.T) {
					_ = w.fabric.Conn(1).Close()
					synctest.Wait()
					w.fabric.Connect(ctx, 1)
				},
				"": w.agree,
			})
		})
	})
}

func newShore() *shore {
	w := &shore{hub: control.New(control.Config{Log: slog.New(slog.DiscardHandler)})}
	w.fabric = controltest.NewFabric(w.hub)
	w.fabric.Deliver = func(_ linkspan.ChassisID, port uint32, frame []byte) {
		var p packet.Packet
		if packet.Parse(frame, &p) == nil && p.Has(packet.LayerTCP) { // and no ICMP that rejects
			w.mu.Lock()
			defer w.mu.Unlock()
			w.got = append(w.got, port)
		}
	}
	w.hub.Update(view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}))
	for id := linkspan.NetworkID(1); id <= 2; id++ {
		e := shoreEndpoint(id)
		lease := &linkspan.Endpoint{Network: id, Address: e.Address6, Chassis: 1}
		w.hub.Update(view.PutNetwork(shoreNetwork(id)), view.PutEndpoint(lease), view.PutEndpoint(e))
	}
	return w
}

// shoreNetwork is one of two networks of the same subnets.
func shoreNetwork(id linkspan.NetworkID) *linkspan.Network {
	n := &linkspan.Network{
		ID: id, Name: fmt.Sprint("n", id), Idle: 20 * time.Second,
		Subnet: netip.MustParsePrefix("10.7.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:7::/64"),
	}
	n.ApplyDefaults()
	return n
}

func shoreEndpoint(id linkspan.NetworkID) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: id, Address: netip.MustParseAddr("10.7.0.2"), Address6: netip.MustParseAddr("fd00:7::2"), Chassis: 1, Port: 300 + uint32(id),
		MAC: linkspan.MAC{2, 0, 0, 0, 0, byte(id)}, Container: fmt.Sprint("c", id),
	}
}

func (w *shore) network(t *rapid.T) {
	i := rapid.IntRange(0, len(shoreCuts)-1).Draw(t, "subnet")
	id := linkspan.NetworkID(10 + i)
	if rapid.Bool().Draw(t, "gone") {
		w.hub.Update(view.RemoveNetwork(id))
		return
	}
	n := &linkspan.Network{ID: id, Name: fmt.Sprint("other", i), Subnet: netip.MustParsePrefix(shoreCuts[i]), Idle: time.Minute}
	if n.Subnet.Addr().Is6() {
		n.Subnet, n.Subnet6 = netip.MustParsePrefix("172.16.0.0/12"), n.Subnet
	}
	n.ApplyDefaults()
	w.hub.Update(view.PutNetwork(n))
}

func (w *shore) internal(t *rapid.T) {
	n := shoreNetwork(linkspan.NetworkID(rapid.IntRange(1, 2).Draw(t, "network")))
	n.Internal = rapid.IntRange(0, 2).Draw(t, "internal") == 0
	w.hub.Update(view.PutNetwork(n))
}

func (w *shore) endpoint(t *rapid.T) {
	e := shoreEndpoint(linkspan.NetworkID(rapid.IntRange(1, 2).Draw(t, "network")))
	if rapid.IntRange(0, 2).Draw(t, "gone") == 0 {
		w.hub.Update(view.RemoveEndpoint(e.Network, e.Address))
		return
	}
	e.Port += uint32(rapid.IntRange(0, 1).Draw(t, "port") * 100)
	w.hub.Update(view.PutEndpoint(e))
}

func (w *shore) policy(t *rapid.T) {
	id := linkspan.PolicyID(rapid.IntRange(1, 4).Draw(t, "policy"))
	if rapid.IntRange(0, 3).Draw(t, "removed") == 0 {
		w.hub.Update(view.RemovePolicy(id))
		return
	}
	p := &linkspan.Policy{
		ID: id, Name: fmt.Sprint("p", id), Priority: uint16(rapid.IntRange(0, 3).Draw(t, "priority")),
		Action: linkspan.PolicyAction(rapid.IntRange(1, 3).Draw(t, "action")),
	}
	outside := []linkspan.Selector{{CIDR: netip.MustParsePrefix(rapid.SampledFrom(shoreCuts).Draw(t, "cidr"))}}
	inside := rapid.SampledFrom([][]linkspan.Selector{nil, {{Network: "n1"}}, {{Endpoint: "c2"}}}).Draw(t, "inside")
	p.From, p.To = inside, outside
	if rapid.Bool().Draw(t, "inward") {
		p.From, p.To = outside, inside
	}
	for range rapid.IntRange(0, 1).Draw(t, "ports") {
		ports, err := linkspan.ParsePolicyPorts(rapid.SampledFrom([]string{"tcp", "tcp/80", "tcp/443-600", "udp"}).Draw(t, "ports"))
		if err != nil {
			t.Fatal(err)
		}
		p.Ports = append(p.Ports, ports)
	}
	w.hub.Update(view.PutPolicy(p))
}

// drawn returns an endpoint, somebody outside, and what is opened between them.
func (w *shore) drawn(t *rapid.T) (e *linkspan.Endpoint, a netip.Addr, segment packet.TCP) {
	e = shoreEndpoint(linkspan.NetworkID(rapid.IntRange(1, 2).Draw(t, "network")))
	a = netip.MustParseAddr(rapid.SampledFrom(shoreOthers).Draw(t, "other"))
	key := view.KeyOf(e)
	if a.Is6() {
		key.Address = e.Address6
	}
	e = w.hub.View().Endpoint(key)
	w.port++
	return e, a, packet.TCP{SrcPort: 20000 + w.port, DstPort: rapid.SampledFrom([]uint16{80, 443, 500, 7000}).Draw(t, "port"), Flags: packet.TCPSyn, Window: 1000}
}

func (w *shore) out(t *rapid.T) {
	e, a, segment := w.drawn(t)
	if e == nil {
		return
	}
	h := packet.Head{EthSrc: e.MAC, EthDst: pipeline.RouterMAC(), Src: e.Address, Dst: a, TTL: 64}
	w.send(t, e.Port, linkspan.GatewayPort, packet.AppendTCP(nil, &h, &segment, nil), beyond(w.hub.View(), e, a, segment.DstPort, false))
}

func (w *shore) in(t *rapid.T) {
	e, a, segment := w.drawn(t)
	if e == nil {
		return
	}
	h := packet.Head{EthSrc: linkspan.GatewayMAC(), EthDst: pipeline.RouterMAC(), Src: a, Dst: standIn(e), TTL: 63}
	if shoreNetwork(1).IsGateway(a) {
		h.Src = linkspan.GatewayHostTo(a)
	}
	w.send(t, linkspan.GatewayPort, e.Port, packet.AppendTCP(nil, &h, &segment, nil), beyond(w.hub.View(), e, a, segment.DstPort, true))
}

// beyond decides about what opens a connection.
func beyond(v *view.View, e *linkspan.Endpoint, a netip.Addr, port uint16, comes bool) decide.Decision {
	p := decide.Packet{Chassis: 1, Port: e.Port, Network: e.Network, Source: e.Address, Destination: a, TTL: 64}
	if comes {
		p.Port, p.Source, p.Destination = linkspan.GatewayPort, a, e.Address
	}
	p.Protocol, p.DestinationPort = decide.ProtocolTCP, port
	var d decide.Decision
	decide.Decide(v, &p, &d)
	return d
}

// send has the switch get a frame at one port, and looks whether it leaves by another.
func (w *shore) send(t *rapid.T, at, by uint32, frame []byte, d decide.Decision) {
	w.mu.Lock()
	w.got = nil
	w.mu.Unlock()
	w.fabric.Switch(1).Inject(at, frame)
	w.fabric.Settle()
	synctest.Wait()
	var want []uint32
	if d.Verdict == decide.Allow && d.Outside.IsValid() {
		want = []uint32{by}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if fmt.Sprint(w.got) != fmt.Sprint(want) {
		t.Fatalf("%s (%s) for %s, tracked %v %s; it left by %v, not by %v", d.Verdict, d.Reason, d.Outside, d.Tracked, d.Class, w.got, want)
	}
}

// agree looks at each flow that lets something in or out, and at each that denies it.
func (w *shore) agree(t *rapid.T) {
	w.fabric.Settle()
	synctest.Wait()
	v := w.hub.View()
	for _, f := range w.fabric.Switch(1).Flows() {
		p, ok := pipeline.Recognize(f.TableID, f.Priority, f.Match)
		if !ok || !p.Outside.IsValid() {
			continue
		}
		comes := p.Outside.Contains(p.From)
		key := view.Key{Network: p.Network, Address: p.From}
		if comes {
			key.Address = p.To
		}
		e := v.Endpoint(key)
		if e == nil {
			t.Fatalf("a flow of nobody: %s", f.String())
		}
		if got, want := pipeline.Cookie(f.Cookie).Policy(), countsOutside(v, e, &p, pipeline.Cookie(f.Cookie).Kind()); got != want {
			t.Fatalf("it counts for %d and not for %d: %s", got, want, f.String())
		}
		for _, other := range shoreOthers {
			if a := netip.MustParseAddr(other); p.Outside.Contains(a) {
				w.agreeOn(t, v, e, a, comes, &p, &f)
			}
		}
	}
}

// countsOutside returns the policy that decides about all that a flow lets through or
// denies; 0: several do, or none.
func countsOutside(v *view.View, e *linkspan.Endpoint, p *pipeline.Plugged, kind pipeline.Kind) linkspan.PolicyID {
	comes := p.Outside.Contains(p.From)
	if p.Part == pipeline.Replies {
		comes = !comes
	}
	d := new(decide.Memo).Beyond(v, e, p.Outside.Addr(), comes)
	rules, _ := d.Rules()
	if rules == nil || kind == pipeline.KindTracked {
		return 0
	}
	policy := rules.Sole()
	if p.Part != pipeline.Whole { // of a class, or what denies one
		policy, _ = rules.Decider(p.Class)
	}
	if policy == nil {
		return 0
	}
	return policy.ID
}

func (w *shore) agreeOn(t *rapid.T, v *view.View, e *linkspan.Endpoint, a netip.Addr, comes bool, p *pipeline.Plugged, f *controltest.Flow) {
	if p.Part == pipeline.Replies { // of what the other end has opened
		comes = !comes
	}
	kind := pipeline.Cookie(f.Cookie).Kind()
	for _, port := range []uint16{80, 443, 500, 7000} {
		d := beyond(v, e, a, port, comes)
		switch {
		case !d.Outside.IsValid():
			t.Fatalf("%s is not outside (%s): %s", a, d.Reason, f.String())
		case !d.Outside.Contains(p.Outside.Addr()) || d.Outside.Bits() > p.Outside.Bits():
			t.Fatalf("of %s another thing is said than of all in %s: %s", a, d.Outside, f.String())
		case kind == pipeline.KindDeny && p.Part == pipeline.Whole:
		case kind == pipeline.KindRoute && (d.Tracked || d.Verdict != decide.Allow),
			kind == pipeline.KindTracked && !d.Tracked,
			kind == pipeline.KindClass && p.Class.Contains(decide.ProtocolTCP, port) && (!d.Tracked || d.Verdict != decide.Allow):
			t.Fatalf("port %d of %s: %s (%s), tracked %v: %s", port, a, d.Verdict, d.Reason, d.Tracked, f.String())
		case kind == pipeline.KindDeny:
			proto, _ := f.Match.Uint(openflow.FieldCTProto)
			if proto == uint64(decide.ProtocolTCP) && p.Class.Contains(decide.ProtocolTCP, port) && d.Verdict == decide.Allow {
				t.Fatalf("port %d of %s is allowed: %s", port, a, f.String())
			}
		}
	}
}
