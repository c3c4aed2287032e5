// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/view"
)

// town is a fabric of two hosts with networks of which two overlap, where things
// change at random.
type town struct {
	hub     *control.Hub
	fabric  *controltest.Fabric
	peering *peering.Peering

	mu  sync.Mutex
	got map[view.Key][]netip.Addr // who got a packet, from which addresses

	talks  []talk
	opened uint16
}

var townSubnets = []netip.Prefix{
	netip.MustParsePrefix("10.1.0.0/24"), netip.MustParsePrefix("10.2.0.0/24"), netip.MustParsePrefix("10.3.0.0/24"), netip.MustParsePrefix("10.3.0.0/16"),
}

// townSubnets6 are those of IPv6; the first network has none.
var townSubnets6 = []netip.Prefix{
	{}, netip.MustParsePrefix("fd00:2::/64"), netip.MustParsePrefix("fd00:3::/64"), netip.MustParsePrefix("fd00:3::/48"),
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
		n := &linkspan.Network{
			ID: linkspan.NetworkID(i + 1), Name: fmt.Sprint("n", i+1), Subnet: subnet, Subnet6: townSubnets6[i], Idle: time.Duration(10+i) * time.Second,
		}
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
	e.Undescribed = rapid.IntRange(0, 4).Draw(t, "undescribed") == 0
	if !townSubnets6[network-1].IsValid() || rapid.IntRange(0, 3).Draw(t, "IPv4 alone") == 0 {
		w.hub.Update(view.PutEndpoint(e))
		return
	}
	six := townSubnets6[network-1].Addr().As16()
	six[15] = last
	e.Address6 = netip.AddrFrom16(six)
	lease := &linkspan.Endpoint{Network: e.Network, Address: e.Address6, Chassis: linkspan.ChassisID(rapid.SampledFrom([]int{int(e.Chassis), int(e.Chassis), int(e.Chassis), 1}).Draw(t, "whose the second address is"))}
	if rapid.Bool().Draw(t, "at once") {
		w.hub.Update(view.PutEndpoint(lease), view.PutEndpoint(e))
		return
	}
	w.hub.Update(view.PutEndpoint(e))
	w.hub.Update(view.PutEndpoint(lease))
}
