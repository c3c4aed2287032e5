// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/scenario"
)

func (s *stage) same(suffix string, asking scenario.Switches) entry {
	return entry{"Linkspan, one chassis" + suffix, s.linkspan.controller, func() error { return s.fabric.AskSame(s.ours) }, asking}
}

func (s *stage) two(suffix string, asking scenario.Switches) entry {
	return entry{"Linkspan, two chassis" + suffix, s.linkspan.controller, func() error { return s.fabric.AskTwo(s.ours) }, asking}
}

func (s *stage) learning(asking scenario.Switches) entry {
	return entry{s.peer.name, s.peer, func() error { return scenario.AskLearning(s.theirs, s.config.size) }, asking}
}

func (s *stage) ceiling(asking scenario.Switches) entry {
	return entry{s.echo.name, s.echo, func() error { return scenario.AskEcho(s.echos, s.config.size) }, asking}
}

const (
	aboutThroughput = "All switches keep their window of questions open. Linkspan decides, answers with a flow for each direction " +
		"(on two chassis: two on each) and the packet. ovs-testcontroller looks up the " +
		"address and answers with one flow and the packet. The echo answers as Linkspan does, without deciding: what it " +
		"reaches is the most that the load generator could show."
	aboutLatency = "One switch has one question open: from sending the PacketIn to having the checked PacketOut."
)

// Entries 0 and 1 are ours, 2 is the peer.

func throughputRatios(mode string) []ratio {
	return []ratio{
		{"one chassis" + mode + " / ovs-testcontroller, per controller CPU second", 0, 2, perCPU},
		{"one chassis" + mode + " / ovs-testcontroller, per second", 0, 2, perSecond},
		{"two chassis" + mode + " / ovs-testcontroller, per controller CPU second", 1, 2, perCPU},
	}
}

func latencyRatios(mode string) []ratio {
	return []ratio{
		{"one chassis" + mode + " / ovs-testcontroller, p50", 0, 2, median},
		{"one chassis" + mode + " / ovs-testcontroller, p99", 0, 2, high},
		{"two chassis" + mode + " / ovs-testcontroller, p50", 1, 2, median},
		{"two chassis" + mode + " / ovs-testcontroller, p99", 1, 2, high},
	}
}

func (s *stage) many() ofload.Load { return ofload.Load{Window: s.config.window} }
func (s *stage) one() ofload.Load  { return ofload.Load{Window: 1} }

// plain is what is measured over TCP.
func (s *stage) plain() []cell {
	return []cell{
		{
			"Throughput", aboutThroughput, s.many(),
			[]entry{s.same("", s.ours), s.two("", s.ours), s.learning(s.theirs), s.ceiling(s.echos)}, throughputRatios(""),
		},
		{
			"First packet", aboutLatency, s.one(),
			[]entry{s.same("", s.ours[:1]), s.two("", s.ours[:1]), s.learning(s.theirs[:1]), s.ceiling(s.echos[:1])}, latencyRatios(""),
		},
		{
			"First packet under load", fmt.Sprintf("All switches together ask %.0f questions a second, whatever comes back; "+
				"a question's time counts from when it was due. They are sent once a millisecond.", s.config.rate),
			ofload.Load{Rate: s.config.rate},
			[]entry{s.same("", s.ours), s.two("", s.ours), s.learning(s.theirs), s.ceiling(s.echos)}, latencyRatios(" under load"),
		},
	}
}

// secure is what is measured with TLS on Linkspan's side.
func (s *stage) secure() []cell {
	const mode = ", TLS"
	return []cell{
		{
			"Throughput, Linkspan over TLS", "As above; the switches show their certificates. The peer still speaks plain TCP.", s.many(),
			[]entry{s.same(mode, s.ours), s.two(mode, s.ours), s.learning(s.theirs)}, throughputRatios(mode),
		},
		{
			"First packet, Linkspan over TLS", aboutLatency, s.one(),
			[]entry{s.same(mode, s.ours[:1]), s.two(mode, s.ours[:1]), s.learning(s.theirs[:1])}, latencyRatios(mode),
		},
	}
}
