// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/fleet"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// talk is a conversation: the numbers of two of the world's endpoints.
type talk struct{ from, to int }

// ends returns the records of the two in the View.
func (s *stage) ends(t talk) (a, b *linkspan.Endpoint) {
	of := func(n int) *linkspan.Endpoint { return s.view.Endpoint(view.KeyOf(&s.world.Endpoints[n])) }
	return of(t.from), of(t.to)
}

// meet chooses who talks with whom: of each endpoint's peers every second one is in
// its network, of the others half in a network of its group, the rest anywhere.
func (s *stage) meet() {
	random := rand.New(rand.NewPCG(11, uint64(len(s.at))))
	groupOf, in, of := map[linkspan.NetworkID]int{}, map[linkspan.NetworkID][]int{}, map[int][]int{}
	for g := range s.world.Groups {
		for _, id := range s.world.Groups[g].Networks {
			groupOf[id] = g
		}
	}
	for i := range s.world.Endpoints {
		id := s.world.Endpoints[i].Network
		in[id] = append(in[id], i)
		of[groupOf[id]] = append(of[groupOf[id]], i)
	}
	met := make(map[talk]bool)
	for i := range s.at {
		id := s.world.Endpoints[i].Network
		for k := range s.config.peers {
			among := in[id]
			if k%2 == 1 {
				among = of[groupOf[id]]
			}
			j := among[random.IntN(len(among))]
			if k%4 == 3 {
				j = random.IntN(len(s.at))
			}
			if t := (talk{min(i, j), max(i, j)}); i != j && !met[t] {
				met[t] = true
				s.talks = append(s.talks, talk{i, j})
			}
		}
	}
}

// port is where every conversation goes.
const port = 443

// ask sends the first packet of a conversation up.
func (s *stage) ask(t talk) error {
	a, b := s.ends(t)
	head := packet.Head{EthSrc: packet.MAC(a.MAC), EthDst: packet.MAC{0x02, 0xff, 0, 0, 0, 1}, Src: a.Address, Dst: b.Address, ID: 1}
	syn := packet.TCP{SrcPort: 40000, DstPort: port, Seq: 1, Flags: packet.TCPSyn, Window: 1024}
	return s.at[t.from].host.Bridge.Ask(a.Port, a.Network, packet.AppendTCP(nil, &head, &syn, nil))
}

// talk has all conversations begin, and counts what becomes of them.
func (s *stage) talk(ctx context.Context) error {
	s.meet()
	used, err := s.controller.Process.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.askAll(ctx, s.talks); err != nil {
		return err
	}
	s.result.TalkTime = time.Since(began) - quiet
	now, err := s.controller.Process.CPU()
	s.result.TalkCPU = now - used
	memo := new(decide.Memo)
	for _, t := range s.talks {
		a, b := s.ends(t)
		switch d := memo.Between(s.view, a, b); {
		case d.Verdict != decide.Allow:
			s.result.Denied++
		case d.Tracked:
			s.result.Tracked++
		default:
			s.result.Whole++
		}
	}
	for _, n := range s.flows() {
		s.result.Flows += n
	}
	return err
}

// batch is how many first packets a host sends before what they make is waited for.
const batch = 32

// attempts is how often a first packet is sent: hosts that are no peers yet may take
// longer than a controller keeps it.
const attempts = 10

// askAll has conversations begin: all that may have flows then have them.
func (s *stage) askAll(ctx context.Context, talks []talk) error {
	left := talks
	for range attempts {
		if err := s.askOnce(ctx, left); err != nil {
			return err
		}
		silent, err := s.judge(left)
		if len(silent) == 0 || err != nil {
			return err
		}
		left = silent
	}
	a, b := s.ends(left[0])
	return fmt.Errorf("%d conversations have no flows, such as that of %s and %s", len(left), a.Container, b.Container)
}

// askOnce sends the first packets of conversations up, and waits until nothing comes
// any more.
func (s *stage) askOnce(ctx context.Context, talks []talk) error {
	by := make(map[*fleet.Host][]talk)
	for _, t := range talks {
		by[s.at[t.from].host] = append(by[s.at[t.from].host], t)
	}
	for at := 0; ; at += batch {
		left := false
		for _, list := range by {
			for i := at; i < min(at+batch, len(list)); i++ {
				left = true
				if err := s.ask(list[i]); err != nil {
					return err
				}
			}
		}
		if !left {
			break
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return s.settle(ctx)
}

// flows returns how many flows all bridges have between each two addresses.
func (s *stage) flows() map[fleet.Ends]int {
	all := make(map[fleet.Ends]int)
	for _, h := range s.fleet.Hosts {
		for ends, n := range h.Bridge.Routes() {
			all[ends] += n
		}
	}
	return all
}

// judge returns which of some conversations may pass, at least in part, and have no
// flows. Flows of one that may not pass are an error.
func (s *stage) judge(talks []talk) (silent []talk, err error) {
	memo, flows := new(decide.Memo), s.flows()
	for _, t := range talks {
		a, b := s.ends(t)
		p := decide.Packet{
			Chassis: a.Chassis, Port: a.Port, Network: a.Network, Source: a.Address, Destination: b.Address, TTL: 64,
			Connection: decide.Connection{Protocol: linkspan.ProtocolTCP, SourcePort: 40000, DestinationPort: port},
		}
		var d decide.Decision
		memo.Decide(s.view, &p, &d)
		n := flows[fleet.Ends{From: a.Address, To: b.Address}] + flows[fleet.Ends{From: b.Address, To: a.Address}]
		switch may := d.Verdict == decide.Allow; {
		case may && n == 0:
			silent = append(silent, t)
		case !may && !d.Tracked && n > 0:
			return nil, fmt.Errorf("%s to %s is decided %s (%s) and has %d flows", a.Container, b.Container, d.Verdict, d.Reason, n)
		}
	}
	return silent, nil
}
