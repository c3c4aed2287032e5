// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// decisions measures the decider by itself, in this process.
func (s *stage) decisions(context.Context) error {
	packets := make([]decide.Packet, len(s.talks))
	for i, t := range s.talks {
		a, b := s.ends(t)
		packets[i] = decide.Packet{
			Chassis: a.Chassis, Port: a.Port, Network: a.Network, Source: a.Address, Destination: b.Address, TTL: 64,
			Connection: decide.Connection{Protocol: linkspan.ProtocolTCP, SourcePort: 40000, DestinationPort: port},
		}
	}
	was := heap()
	with := s.world.View(s.policies)
	governed := heap()
	without := s.world.View(nil) // the endpoints' records are the world's in both
	s.result.Selectors = (governed - was) - (heap() - governed)

	memo := new(decide.Memo)
	was = heap()
	s.result.First = decided(memo, with, packets)
	s.result.Memo = heap() - was
	s.result.Again = quickest(memo, with, packets)
	s.result.Ungoverned = quickest(new(decide.Memo), without, packets)
	runtime.KeepAlive(memo)
	runtime.KeepAlive(with)
	return nil
}

// decided returns how long a decision takes on average.
func decided(m *decide.Memo, v *view.View, packets []decide.Packet) time.Duration {
	var d decide.Decision
	began := time.Now()
	for i := range packets {
		m.Decide(v, &packets[i], &d)
	}
	return time.Since(began) / time.Duration(len(packets))
}

// rounds is how often all packets are decided about to find what one takes.
const rounds = 5

// quickest returns the best of some rounds.
func quickest(m *decide.Memo, v *view.View, packets []decide.Packet) (best time.Duration) {
	for range rounds {
		if took := decided(m, v, packets); best == 0 || took < best {
			best = took
		}
	}
	return best
}

// heap returns how much is in use after a collection.
func heap() int64 {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
