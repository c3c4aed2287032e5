// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/bench/fleet"
	"github.com/linkspan/linkspan/bench/stats"
)

// flowsPerEndpoint is how many static flows an attached endpoint has.
const flowsPerEndpoint = 6

// changing measures one kind of change.
type changing struct {
	stage *stage
	times []time.Duration
}

// time does one change and notes how long it takes, from the request on, until so
// many hosts have seen it.
func (m *changing) time(ctx context.Context, what fleet.Seen, hosts int, do func() error) error {
	began := time.Now()
	err := m.stage.fleet.Until(ctx, what, hosts, do)
	m.times = append(m.times, time.Since(began))
	return err
}

// measured does a kind of change and then undoes it, each many times, and
// returns what one of them costs. The undoing counts for nothing but itself.
func (s *stage) measured(ctx context.Context, do func(m *changing, i int) error, undo func(i int) error) (cost, error) {
	all := changing{stage: s}
	used, err := s.controller.Process.CPU()
	if err != nil {
		return cost{}, err
	}
	bridges, streams := s.fleet.Count()
	began := time.Now()
	for i := range s.config.changes {
		if err := do(&all, i); err != nil {
			return cost{}, err
		}
	}
	if err := s.settle(ctx); err != nil {
		return cost{}, err
	}
	spent := time.Since(began)
	now, err := s.controller.Process.CPU()
	if err != nil {
		return cost{}, err
	}
	n := float64(s.config.changes)
	b, f := s.fleet.Count()
	var seen []float64
	for _, t := range all.times {
		seen = append(seen, float64(t))
	}
	idle := time.Duration(s.figures.IdleCores * float64(spent))
	c := cost{
		Until:    time.Duration(stats.Median(seen)),
		Slowest:  time.Duration(slices.Max(seen)),
		CPU:      max(0, time.Duration(float64(now-used-idle)/n)),
		Messages: float64(b.Messages-bridges.Messages+f.Messages-streams.Messages) / n,
		Bytes:    float64(b.Bytes-bridges.Bytes+f.Bytes-streams.Bytes) / n,
	}
	for i := range s.config.changes {
		if err := undo(i); err != nil {
			return c, err
		}
	}
	return c, s.settle(ctx)
}

// change measures every kind of change.
func (s *stage) change(ctx context.Context) (err error) {
	if s.figures.Endpoint, err = s.addEndpoints(ctx); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	if s.figures.Presence, err = s.addPresence(ctx); err != nil {
		return fmt.Errorf("first endpoint: %w", err)
	}
	if s.figures.Network, err = s.addNetworks(ctx); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	return nil
}

// addEndpoints adds one more endpoint on some hosts, in a network that they have:
// its host's bridge gets flows, or all hosts are told where it is.
func (s *stage) addEndpoints(ctx context.Context) (cost, error) {
	at := func(i int) (*fleet.Host, fleet.Endpoint) {
		n := len(s.fleet.Hosts)
		h := i * 7 % n
		return s.fleet.Hosts[h], s.endpoint(h, s.config.endpoints+i/n)
	}
	return s.measured(ctx, func(m *changing, i int) error {
		h, e := at(i)
		want, hosts := fleet.Seen{Flows: h.Bridge, Number: uint32(h.Bridge.Flows() + flowsPerEndpoint)}, 1
		if s.layout.overlaid() {
			want, hosts = overlaid(e), len(s.fleet.Hosts)
		}
		return m.time(ctx, want, hosts, func() error { return h.Attach(ctx, e) })
	}, func(i int) error {
		h, e := at(i)
		return h.Release(ctx, e)
	})
}

// overlaid is that a host knows an endpoint of an overlay network.
func overlaid(e fleet.Endpoint) fleet.Seen {
	return fleet.Seen{Network: uint32(e.Network), Address: e.Address}
}

// presence is the number, among the networks that are made later, of the one
// in which hosts get their first endpoint.
const presence = 0

// addPresence makes a network that half of the hosts are in, but at most 50, and
// measures what it costs that another host gets its first endpoint of it, and
// loses it again: its new peers must know it.
func (s *stage) addPresence(ctx context.Context) (cost, error) {
	n := len(s.fleet.Hosts)
	members := min(50, n/2)
	s.figures.Members = members
	id, err := s.makeNetwork(ctx, "presence", extraSubnet(presence))
	if err != nil {
		return cost{}, err
	}
	before := s.fleet.Hosts[0].Bridge.Flows()
	for h, host := range s.fleet.Hosts[:members] {
		if err := host.Attach(ctx, s.layout.extraEndpoint(id, presence, h)); err != nil {
			return cost{}, err
		}
	}
	if err := s.settle(ctx); err != nil {
		return cost{}, err
	}
	flows := s.fleet.Hosts[0].Bridge.Flows() - before
	c, err := s.measured(ctx, func(m *changing, i int) error {
		h := members + i*7%(n-members)
		return s.appear(ctx, m, h, s.layout.extraEndpoint(id, presence, h), members, flows)
	}, func(int) error { return nil })
	if err != nil {
		return c, err
	}
	for h, host := range s.fleet.Hosts[:members] {
		if err := host.Release(ctx, s.layout.extraEndpoint(id, presence, h)); err != nil {
			return c, err
		}
	}
	return c, s.removeNetwork(ctx, "presence")
}

// appear gives a host its first endpoint of a network that the first hosts are
// members of, and takes it away. Where all of them are its peers already, the
// flows of its own bridge are what changes; in an overlay all members and the
// host itself are told.
func (s *stage) appear(ctx context.Context, m *changing, h int, e fleet.Endpoint, members, flows int) error {
	host := s.fleet.Hosts[h]
	attach, release := func() error { return host.Attach(ctx, e) }, func() error { return host.Release(ctx, e) }
	if s.layout.overlaid() {
		if err := m.time(ctx, overlaid(e), members+1, attach); err != nil {
			return err
		}
		gone := overlaid(e)
		gone.Gone = true // what comes back before anybody knew that it went is no news
		return s.fleet.Until(ctx, gone, members, release)
	}
	want, hosts := fleet.Seen{Peer: uint32(host.ID)}, s.strangers(h, members)
	if hosts == 0 {
		want, hosts = fleet.Seen{Flows: host.Bridge, Number: uint32(host.Bridge.Flows() + flows)}, 1
	}
	if err := m.time(ctx, want, hosts, attach); err != nil {
		return err
	}
	return release()
}

// strangers returns how many of the first hosts are no peers of host h yet.
func (s *stage) strangers(h, members int) (n int) {
	own := make(map[int]bool)
	for e := range s.config.endpoints {
		network, _ := s.place(h, e)
		own[network] = true
	}
	for o := range members {
		shared := false
		for e := 0; e < s.config.endpoints && !shared; e++ {
			network, _ := s.place(o, e)
			shared = own[network]
		}
		if !shared {
			n++
		}
	}
	return n
}

// addNetworks makes networks, of which every host is told.
func (s *stage) addNetworks(ctx context.Context) (cost, error) {
	name := func(i int) string { return fmt.Sprintf("more%04d", i) }
	next := uint32(s.networks[len(s.networks)-1]) + 2 // after those of the hosts and that of addPresence
	return s.measured(ctx, func(m *changing, i int) error {
		return m.time(ctx, fleet.Seen{Network: next + uint32(i)}, len(s.fleet.Hosts), func() error {
			_, err := s.makeNetwork(ctx, name(i), extraSubnet(presence+1+i))
			return err
		})
	}, func(i int) error { return s.removeNetwork(ctx, name(i)) })
}

func (s *stage) removeNetwork(ctx context.Context, name string) error {
	_, err := s.fleet.Admin().Networks.Remove(ctx, connect.NewRequest(&apiv1.NetworkServiceRemoveRequest{Network: name}))
	return api.FromRPC(err)
}
