// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/decide"
)

// TestProbe injects packets on a real Open vSwitch: what becomes of them is as told, no
// container sees them, and nothing of them stays.
func TestProbe(t *testing.T) {
	t.Parallel()
	w := newRuled(t)
	for _, to := range []string{"c2", "c3"} {
		for what, q := range probes() {
			w.run(t, what+" to "+to, func(t *testing.T) { w.testProbe(t, to, q) })
		}
		w.run(t, "tracked to "+to, func(t *testing.T) { w.testProbeTracked(t, to) })
		w.run(t, "under traffic to "+to, func(t *testing.T) { w.testProbeUnderTraffic(t, to) })
	}
	if n := w.hub.Counters().Refused.Load(); n != 0 {
		t.Errorf("the switches refused %d messages", n)
	}
}

func probes() map[string]control.Probe {
	return map[string]control.Probe{
		"tcp":       {Protocol: decide.ProtocolTCP, Port: 5432},
		"udp":       {Protocol: decide.ProtocolUDP, Port: 53},
		"sctp":      {Protocol: decide.ProtocolSCTP, Port: 9},
		"echo":      {Protocol: decide.ProtocolICMP, Port: 8},
		"timestamp": {Protocol: decide.ProtocolICMP, Port: 13},
		"gre":       {Protocol: 47},
	}
}

// probe injects a packet and returns what became of it, told in words.
func (w *ruled) probe(from, to string, q control.Probe) (outcome control.ProbeOutcome, told string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	q.From, q.To = w.endpoints[from], w.endpoints[to]
	q.Destination = q.To.Address
	r, err := w.hub.Probe(ctx, q)
	if err != nil {
		w.t.Fatal(err)
	}
	var words []string
	for _, e := range r.Events {
		words = append(words, fmt.Sprint(e.Chassis, ":", e.Kind, ":", e.Table))
	}
	return r.Outcome, strings.Join(words, " ")
}

// received is how many packets a container has got.
func (w *ruled) received(name string) string {
	return strings.TrimSpace(run(w.t, "ip", "netns", "exec", w.containers[name], "cat", "/sys/class/net/eth0/statistics/rx_packets"))
}

// nothingStays says that no flow of a probe is left.
func (w *ruled) nothingStays(t *testing.T) {
	t.Helper()
	for _, h := range w.hosts {
		for _, f := range h.flows() {
			if strings.Contains(f, "priority=900") {
				t.Errorf("host %d still has %s", h.id, f)
			}
		}
	}
}

// unseen waits until a container gets no packet while something is done: it has an answer to its own
// ARP request now and then.
func (w *ruled) unseen(t *testing.T, at string, do func()) {
	t.Helper()
	eventually(t, at+" to get no packet of a probe", func() bool {
		before := w.received(at)
		do()
		return w.received(at) == before
	})
}

func (w *ruled) testProbe(t *testing.T, to string, q control.Probe) {
	w.reaches("c1", to, map[string]int{"c2": 64, "c3": 62}[to])
	want := "1:delivered:route"
	if to == "c3" {
		want = "1:left:route 2:delivered:deliver"
	}
	w.unseen(t, to, func() {
		if outcome, told := w.probe("c1", to, q); outcome != control.ProbeArrived || told != want {
			t.Errorf("%s: %s; want %s", outcome, told, want)
		}
	})
	w.nothingStays(t)
}

func (w *ruled) testProbeTracked(t *testing.T, to string) {
	w.allow("c1", to, tcp(443), udp(53), decide.BlockOf(decide.ProtocolICMP, 8, 16))
	w.allow(to, "c1")
	defer func() {
		w.allow("c1", to, decide.Class{})
		w.allow(to, "c1", decide.Class{})
	}()
	for range 2 { // at first nothing is plugged
		for _, q := range []control.Probe{
			{Protocol: decide.ProtocolTCP, Port: 443}, {Protocol: decide.ProtocolUDP, Port: 53}, {Protocol: decide.ProtocolICMP, Port: 8},
		} {
			w.unseen(t, to, func() {
				if outcome, told := w.probe("c1", to, q); outcome != control.ProbeArrived || !strings.Contains(told, "1:tracked:route") {
					t.Errorf("protocol %d: %s: %s", q.Protocol, outcome, told)
				}
			})
		}
	}
	want := control.ProbeDenied
	w.unseen(t, to, func() {
		for range 2 { // a port that is not allowed, and the same under the denial
			if outcome, told := w.probe("c1", to, control.Probe{Protocol: decide.ProtocolTCP, Port: 80}); outcome != want {
				t.Errorf("a port that is not allowed: %s, want %s: %s", outcome, want, told)
			}
			want = control.ProbeDropped
		}
	})
	from, peer := w.endpoints["c1"].Address.String(), w.endpoints[to].Address.String()
	for _, h := range w.hosts {
		for line := range strings.Lines(h.connections()) {
			if strings.Contains(line, "orig=(src="+from+",dst="+peer) && (strings.Contains(line, "dport=443") || strings.Contains(line, "dport=53,")) {
				t.Errorf("host %d still knows %s", h.id, line)
			}
		}
	}
	w.nothingStays(t)
}

// testProbeUnderTraffic: pings of the same pair go on, none of them is lost or mistaken
// for the probe.
func (w *ruled) testProbeUnderTraffic(t *testing.T, to string) {
	const count = 300
	answered := 0 // in a row: what was decided before may be in the datapath's cache for a moment
	eventually(t, "echoes that are answered", func() bool {
		if answered++; !strings.Contains(w.ping("c1", to), "ttl=") {
			answered = 0
		}
		return answered > 3
	})
	done, before := make(chan string, 1), w.received(to)
	address := w.endpoints[to].Address.String()
	ns := w.containers["c1"]
	go func() {
		out, _ := try(t, "ip", "netns", "exec", ns, "ping", "-n", "-q", "-i", "0.01", "-c", fmt.Sprint(count), address)
		done <- out
	}()
	eventually(t, "pings", func() bool { return w.received(to) != before })
	arrived := 0
	for range 5 {
		for what, q := range probes() {
			if outcome, told := w.probe("c1", to, q); outcome != control.ProbeArrived {
				t.Errorf("%s under traffic: %s: %s", what, outcome, told)
			}
			arrived++
		}
	}
	out := <-done
	if !strings.Contains(out, fmt.Sprintf("%d received", count)) || strings.Contains(out, "duplicates") {
		t.Errorf("of the pings beside %d probes:\n%s", arrived, out)
	}
	w.nothingStays(t)
}
