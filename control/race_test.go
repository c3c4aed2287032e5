// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

const (
	racingChassis  = 3
	racingNetworks = 3
	racingHosts    = 5
	racingEpisodes = 40
	racingRounds   = 5
)

// TestNoFlowSurvivesItsReason has containers talk while endpoints come, go,
// move and change, paths, sites and overlapping networks too, and switches
// reconnect. When all is quiet, every switch
// holds exactly the static flows of the View, and no flow of a decision that
// the View would not make.
func TestNoFlowSurvivesItsReason(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { race(t, seed) })
		})
	}
}

func racingKey(r *rand.Rand) view.Key {
	key := view.Key{Network: linkspan.NetworkID(1 + r.IntN(racingNetworks))}
	key.Address = netip.AddrFrom4([4]byte{10, racingSubnet(key.Network), 0, byte(2 + r.IntN(racingHosts))})
	return key
}

// racingSubnet is the second byte of a network's addresses: two networks have
// the same, the third its own.
func racingSubnet(id linkspan.NetworkID) byte {
	if id == racingNetworks {
		return 9
	}
	return 7
}

// racingWay changes by which way packets of some chassis may go.
func racingWay(r *rand.Rand) view.Change {
	from := linkspan.ChassisID(1 + r.IntN(racingChassis))
	switch r.IntN(12) {
	case 0: // another site, or back
		return view.PutChassis(racingHost(from, []string{"", "ams"}[r.IntN(2)]))
	case 1:
		c := linkspan.ClearanceOf(linkspan.DefaultSite, "ams")
		return view.PutClearance(&c)
	case 2:
		return view.RemoveClearance("ams", linkspan.DefaultSite)
	case 3: // a network that has the addresses of the third
		return view.PutNetwork(&linkspan.Network{ID: 9, Subnet: netip.MustParsePrefix("10.9.0.0/16"), Idle: time.Hour})
	case 4:
		return view.RemoveNetwork(9)
	case 5:
		n := racingNetwork(racingNetworks)
		n.Transport = []linkspan.Transport{"", linkspan.Direct, linkspan.Tunnel}[r.IntN(3)]
		return view.PutNetwork(n)
	}
	p := linkspan.Paths{From: from}
	for to := range linkspan.ChassisID(racingChassis) {
		p = p.Set(to+1, to+1 != from && r.IntN(3) != 0)
	}
	return view.PutPaths(&p)
}

func racingHost(id linkspan.ChassisID, site string) *linkspan.Chassis {
	return &linkspan.Chassis{ID: id, Name: fmt.Sprint("h", id), Underlay: netip.AddrFrom4([4]byte{192, 0, 2, byte(id)}), Site: site}
}

func racingNetwork(id linkspan.NetworkID) *linkspan.Network {
	return &linkspan.Network{
		ID: id, Name: fmt.Sprint("n", id), Idle: time.Hour,
		Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, racingSubnet(id), 0, 0}), 24),
	}
}

// racingChange puts or removes an endpoint. Its port is its own wherever it is.
func racingChange(r *rand.Rand) view.Change {
	key := racingKey(r)
	if r.IntN(4) == 0 {
		return view.RemoveEndpoint(key.Network, key.Address)
	}
	last := key.Address.As4()[3]
	e := &linkspan.Endpoint{
		Network: key.Network, Address: key.Address,
		Chassis: linkspan.ChassisID(1 + r.IntN(racingChassis)),
		MAC:     linkspan.MAC{2, byte(key.Network), 0, 0, byte(r.IntN(2)), last},
	}
	if r.IntN(8) != 0 {
		e.Port = uint32(key.Network)*100 + uint32(last)
	}
	return view.PutEndpoint(e)
}

func racingWorld(h *control.Hub) {
	for id := range linkspan.NetworkID(racingNetworks) {
		h.Update(view.PutNetwork(racingNetwork(id + 1)))
	}
	for id := range linkspan.ChassisID(racingChassis) {
		h.Update(view.PutChassis(racingHost(id+1, "")))
	}
}

func race(t *testing.T, seed uint64) {
	ctx, cancel := context.WithCancel(t.Context())
	hub := control.New(control.Config{Log: slog.New(slog.DiscardHandler)})
	fabric := controltest.NewFabric(hub)
	racingWorld(hub)
	for id := range linkspan.ChassisID(racingChassis) {
		fabric.Connect(ctx, id+1)
	}
	synctest.Wait()
	for episode := range uint64(racingEpisodes) {
		raceOnce(ctx, hub, fabric, rand.NewPCG(seed, episode))
		for id := range linkspan.ChassisID(racingChassis) {
			if info, _ := hub.Connected(id + 1); !info.Ready {
				t.Errorf("chassis %d is not connected", id+1)
			}
			checkSwitch(t, hub.View(), id+1, fabric.Switch(id+1))
		}
		if t.Failed() {
			t.Fatalf("in episode %d", episode)
		}
	}
	c := hub.Counters()
	t.Logf("allowed %d, denied %d, again %d, flushed %d, away %d, refused %d", c.Allowed.Load(), c.Denied.Load(), c.Again.Load(), c.Flushed.Load(), c.Away.Load(), c.Refused.Load())
	if n := c.Pending.Load(); n != 0 {
		t.Errorf("%d plugs still pending", n)
	}
	cancel()
	fabric.Wait()
}

// raceOnce lets all do a little at once, and waits until it is quiet. It is
// short, as a later change may mend what an earlier one left behind.
func raceOnce(ctx context.Context, hub *control.Hub, fabric *controltest.Fabric, source *rand.PCG) {
	var group sync.WaitGroup
	worker := func(do func(r *rand.Rand)) {
		r := rand.New(rand.NewPCG(source.Uint64(), source.Uint64()))
		group.Go(func() {
			for range racingRounds {
				// Those who wake at the same instant of the bubble race.
				time.Sleep(time.Duration(r.IntN(2)) * time.Millisecond)
				do(r)
			}
		})
	}
	for range 6 {
		worker(func(r *rand.Rand) {
			from, to := racingKey(r), racingKey(r)
			to.Network = from.Network
			fabric.Ping(from, to, byte(1+r.IntN(4)))
		})
	}
	worker(func(r *rand.Rand) { hub.Update(racingChange(r)) })
	worker(func(r *rand.Rand) { hub.Update(racingChange(r), racingChange(r)) })
	worker(func(r *rand.Rand) { hub.Update(racingWay(r)) })
	worker(func(r *rand.Rand) { hub.Update(racingWay(r), racingWay(r)) })
	worker(func(r *rand.Rand) {
		if r.IntN(20) == 0 {
			fabric.Connect(ctx, linkspan.ChassisID(1+r.IntN(racingChassis)))
		}
	})
	group.Wait()
	time.Sleep(5 * time.Second) // of the bubble: plugs that wait are given up
	synctest.Wait()
	for id := range linkspan.ChassisID(racingChassis) {
		// As a switch does whose two connections undid each other.
		if _, ok := hub.Connected(id + 1); !ok {
			fabric.Connect(ctx, id+1)
		}
	}
	synctest.Wait()
}

func checkSwitch(t *testing.T, v *view.View, id linkspan.ChassisID, s *controltest.Switch) {
	t.Helper()
	var static, want []string
	for _, f := range s.Flows() {
		switch kind := pipeline.Cookie(f.Cookie).Kind(); {
		case kind.Static():
			static = append(static, f.String())
		case kind == pipeline.KindRoute && !pipeline.Current(v, id, stats(&f)):
			t.Errorf("chassis %d: this route has lost its reason: %s", id, f.String())
		case kind == pipeline.KindDeny && !stillDenied(v, id, &f):
			t.Errorf("chassis %d: this denial has lost its reason: %s", id, f.String())
		}
	}
	for _, f := range pipeline.Static(v, id).Flows {
		flow := controltest.Flow{FlowMod: *f.Add(0)}
		want = append(want, flow.String())
	}
	slices.Sort(static)
	slices.Sort(want)
	if diff := cmp.Diff(want, static); diff != "" {
		t.Errorf("chassis %d: static flows: %s", id, diff)
	}
}

func stats(f *controltest.Flow) *openflow.FlowStats {
	return &openflow.FlowStats{
		TableID: f.TableID, Priority: f.Priority, IdleTimeout: f.IdleTimeout, HardTimeout: f.HardTimeout,
		Cookie: f.Cookie, Match: f.Match, Instructions: f.Instructions,
	}
}

// stillDenied asks for the decision again about a packet that the flow drops.
func stillDenied(v *view.View, id linkspan.ChassisID, f *controltest.Flow) bool {
	network, _ := f.Match.Uint(openflow.Reg(0))
	sender, tunnelled := f.Match.Uint(openflow.Reg(2))
	from, hasFrom := f.Match.Addr(openflow.FieldIPv4Src)
	to, hasTo := f.Match.Addr(openflow.FieldIPv4Dst)
	p := decide.Packet{
		Chassis: id, Network: linkspan.NetworkID(network), Sender: linkspan.ChassisID(sender),
		Source: from, Destination: to, TTL: 64, Port: linkspan.TunnelPort,
	}
	for e := range v.Endpoints() {
		if !e.Attached() || e.Network != p.Network {
			continue
		}
		if !hasFrom && e.Address != to && (tunnelled && e.Chassis == p.Sender || !tunnelled && e.Chassis == id) {
			p.Source = e.Address
			if !tunnelled {
				p.Port = e.Port
			}
		}
		if !hasTo {
			p.Destination = e.Address
		}
	}
	if e := v.Endpoint(view.Key{Network: p.Network, Address: from}); hasFrom && !tunnelled && e != nil {
		p.Port = e.Port
	}
	if !p.Source.IsValid() || !p.Destination.IsValid() {
		return true // nobody is there to be denied
	}
	var d decide.Decision
	decide.Decide(v, &p, &d)
	return d.Verdict == decide.Deny
}
