// SPDX-License-Identifier: Apache-2.0

package test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// received is how many packets a container has got.
func received(t *testing.T, c *harness.Container) string {
	t.Helper()
	return c.Exec(t, "cat", "/sys/class/net/eth0/statistics/rx_packets")
}

// probeArgs are the kinds of packets that are injected.
var probeArgs = [][]string{{"--proto", "tcp", "--port", harness.Port}, {"--proto", "udp", "--port", harness.Port}, {"--proto", "icmp"}, {"--proto", "47"}}

// probes: what is injected is seen on each host, and by no container.
func (s *street) probes(t *testing.T) {
	for _, to := range []*harness.Container{s.a2, s.a3} {
		s.a1.Reaches(t, to, s.here)
		for _, args := range probeArgs {
			s.unseen(t, to, append([]string{"--probe", "trace-a1", to.Name}, args...)...)
		}
	}
	a := s.trace(t, 1, "--probe", "trace-a1", "trace-b", "--proto", "tcp", "--port", harness.Port)
	if a.Probe.Outcome != "denied" {
		t.Errorf("to another network: %+v", a.Probe)
	}
	t.Log("\n" + s.lab.CLI(t, "trace", "--probe", "trace-a1", "trace-a2", "--proto", "udp", "--port", "53"))
	for _, host := range []string{"h1", "h2"} {
		if flows := s.lab.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link"); strings.Contains(flows, "priority=900") {
			t.Errorf("on %s stays:\n%s", host, flows)
		}
	}
}

// delivered injects a packet, again if a busy machine has lost it, and returns what is told of
// the one that is delivered.
func (s *street) delivered(t *testing.T, args ...string) (a traced) {
	t.Helper()
	for range harness.Tries {
		if a = s.trace(t, 0, args...); a.Probe.Outcome == "delivered" {
			return a
		}
		t.Logf("%v: %+v", args, a.Probe)
	}
	t.Errorf("%v: it is not delivered, %d times", args, harness.Tries)
	return a
}

// unseen injects a packet, which is delivered to the port of a container and not seen behind it.
// What the container asks of its neighbours may be answered just then: then it is injected again.
func (s *street) unseen(t *testing.T, to *harness.Container, args ...string) {
	t.Helper()
	before, after := "", ""
	for range harness.Tries {
		before = received(t, to)
		a := s.delivered(t, args...)
		after = received(t, to)
		n := len(a.Probe.Events)
		if n == 0 || a.Probe.Events[n-1].Kind != "delivered" || a.Probe.Events[n-1].Switch != to.Host {
			t.Errorf("%v to %s: %+v", args, to.Name, a.Probe)
		}
		if before == after {
			return
		}
	}
	t.Errorf("%v: %s has got %s packets, before %s", args, to.Name, after, before)
}

// underTraffic: a conversation of the same pair loses nothing beside probes.
func (s *street) underTraffic(t *testing.T) {
	talk := s.lab.Converse(t, "h1", "trace-talk", s.here, s.a2)
	talk.Undisturbed(t, func() {
		for _, args := range probeArgs {
			s.delivered(t, append([]string{"--probe", "trace-talk", "trace-a2"}, args...)...)
		}
	})
}
