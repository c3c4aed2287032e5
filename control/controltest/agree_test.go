// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// TestFlowsAgreeWithTheDecider: whatever policies, groups, links and endpoints change to, a
// packet arrives if, and only if, the decider allows it, be it the first or a later
// one, and no flow on a switch says otherwise than the View of that moment.
func TestFlowsAgreeWithTheDecider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Within a bubble nobody may ask for the test's deadline.
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) {
			w := newTown()
			ctx, cancel := context.WithCancel(context.Background())
			defer func() { cancel(); w.fabric.Wait() }()
			followed, revised := w.follow(ctx), make(chan struct{})
			go func() { defer close(revised); w.hub.Follow(ctx) }()
			defer func() { cancel(); <-followed; <-revised }()
			w.fabric.Connect(ctx, 1)
			w.fabric.Connect(ctx, 2)
			synctest.Wait()
			t.Repeat(map[string]func(*rapid.T){
				"group":    w.regroup,
				"link":     w.relink,
				"endpoint": w.move,
				"paths":    w.prove,
				"network":  w.want,
				"policy":   w.legislate,
				"law":      w.legislate,
				"label":    w.label,
				"ping":     w.ping,
				"again":    w.ping,
				"open":     w.open,
				"and":      w.open,
				"goOn":     w.goOn,
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

func (w *town) delivered(at linkspan.ChassisID, port uint32, frame []byte) {
	var p packet.Packet
	if packet.Parse(frame, &p) != nil {
		return
	}
	request := packet.ICMPEchoRequest
	if p.IsIPv6() {
		request = packet.ICMPv6EchoRequest
	}
	if kind, _ := p.ICMPType(); kind != request && !p.Has(packet.LayerTCP) && !p.Has(packet.LayerUDP) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for e := range w.hub.View().Attached(at) {
		if e.Port == port && e.Address.Is4() == p.IsIPv4() {
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
	if from == to || from.Address.Is4() != to.Address.Is4() {
		return
	}
	w.mu.Lock()
	clear(w.got)
	w.mu.Unlock()
	before := w.hub.Counters().PacketIns.Load()
	w.fabric.Ping(view.KeyOf(from), view.Key{Address: to.Address}, 64)
	w.quiet()
	protocol, request := decide.ProtocolICMP, packet.ICMPEchoRequest
	if from.Address.Is6() {
		protocol, request = decide.ProtocolICMPv6, packet.ICMPv6EchoRequest
	}
	d := decided(v, from, to, protocol, uint16(request))
	want := map[view.Key][]netip.Addr{}
	if d.Verdict == decide.Allow {
		want[view.KeyOf(d.Destination)] = []netip.Addr{from.Address}
	}
	// Of two that policies deny or reject whatever they send it is of no use.
	if d.Reason == decide.NoPath && v.MayTalk(1, 2) && w.hub.Counters().PacketIns.Load() > before && !w.peering.Share(from.Chassis, d.Destination.Chassis) {
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
			switch kind := pipeline.Cookie(f.Cookie).Kind(); {
			case kind.Plugged():
				stats := &openflow.FlowStats{
					TableID: f.TableID, Priority: f.Priority, IdleTimeout: f.IdleTimeout, HardTimeout: f.HardTimeout,
					Cookie: f.Cookie, Match: f.Match, Instructions: f.Instructions,
				}
				s, ok := pipeline.StandingOf(v, id, stats)
				if !ok || !pipeline.Current(v, id, stats) {
					t.Fatalf("chassis %d has a route of another form: %s", id, f.String())
				}
				if err := reason(v, &s); err != nil {
					t.Fatalf("chassis %d has a route without a reason: %s: %v", id, f.String(), err)
				}
				if got, want := pipeline.Cookie(f.Cookie).Policy(), countsFor(v, &s); got != want {
					t.Fatalf("chassis %d has a route that counts for %d and not for %d: %s", id, got, want, f.String())
				}
			case kind == pipeline.KindDeny:
				w.denied(t, v, id, f)
			}
		}
	}
}

// settle gives what waits its time: chassis may become peers first.
func (w *town) settle() { time.Sleep(100 * time.Millisecond) } // of the bubble

// reason says why what a flow stands for is not what the View says.
func reason(v *view.View, s *pipeline.Standing) error {
	from, to := v.Endpoint(s.From), v.Endpoint(s.To)
	d := decide.Between(v, from, to)
	switch {
	case d.Verdict != decide.Allow:
		return fmt.Errorf("denied: %s", d.Reason)
	case d.Tracked == (s.Kind == pipeline.KindRoute):
		return fmt.Errorf("tracked: %v", d.Tracked)
	case s.Kind == pipeline.KindClass:
		return classAllowed(v, from, to, s.Class)
	}
	return nil
}

// countsFor returns the policy that decides about all that a flow lets through, as
// samples say; 0: several do, or none.
func countsFor(v *view.View, s *pipeline.Standing) linkspan.PolicyID {
	if s.Kind == pipeline.KindTracked {
		return 0
	}
	d := decide.Between(v, v.Endpoint(s.From), v.Endpoint(s.To))
	rules, _ := d.Rules()
	if rules == nil {
		return 0
	}
	ids := make(map[linkspan.PolicyID]bool)
	for _, protocol := range []uint8{decide.ProtocolICMP, decide.ProtocolTCP, decide.ProtocolUDP, decide.ProtocolICMPv6, 47, 50} {
		for _, port := range []uint16{0, 8, 9, 22, 80, 81, 128, 443, 500, 600, 601, 5000, 5003, 5010, 5011, 60000} {
			if !s.Class.Contains(protocol, port) {
				continue
			}
			p := linkspan.PolicyID(0)
			if by := rules.Find(protocol, port).Policy; by != nil {
				p = by.ID
			}
			ids[p] = true
		}
	}
	if s.Class.Bits > 0 {
		p := linkspan.PolicyID(0)
		if by := rules.Find(s.Class.Protocol, s.Class.Port).Policy; by != nil {
			p = by.ID
		}
		ids[p] = true
	}
	if len(ids) != 1 {
		return 0
	}
	for p := range ids {
		return p
	}
	return 0
}

// denied looks whether a flow denies somebody on its chassis who is allowed.
func (w *town) denied(t *rapid.T, v *view.View, on linkspan.ChassisID, f controltest.Flow) {
	network, _ := f.Match.Uint(openflow.Reg(0))
	sender, arrived := f.Match.Uint(openflow.Reg(2))
	kind, _ := f.Match.Uint(openflow.FieldEthType)
	ipv6 := uint16(kind) == packet.EtherTypeIPv6
	ends := [2]openflow.Field{openflow.FieldIPv4Src, openflow.FieldIPv4Dst}
	if ipv6 {
		ends = [2]openflow.Field{openflow.FieldIPv6Src, openflow.FieldIPv6Dst}
	}
	src, bySource := f.Match.Addr(ends[0])
	dst, byDestination := f.Match.Addr(ends[1])
	for _, from := range w.attached(v) {
		for _, to := range w.attached(v) {
			if from.Address.Is6() != ipv6 || to.Address.Is6() != ipv6 {
				continue
			}
			if bySource && from.Address != src || byDestination && to.Address != dst || from == to {
				continue
			}
			here := !arrived && from.Chassis == on && uint64(from.Network) == network
			there := arrived && to.Chassis == on && uint64(to.Network) == network && uint64(from.Chassis) == sender && from.Chassis != on
			if !here && !there {
				continue
			}
			if _, _, tracked := f.Match.Lookup(openflow.FieldCTState); tracked {
				w.deniedClass(t, v, from, to, f)
				continue
			}
			if d := decide.Between(v, from, to); d.Verdict == decide.Allow {
				t.Fatalf("chassis %d denies %s to %s, which %s: %s", on, view.KeyOf(from), view.KeyOf(to), d.Reason, f.String())
			}
		}
	}
}
