// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// probeArgs6 are the kinds of packets of IPv6 that are injected.
var probeArgs6 = [][]string{{"--proto", "tcp", "--port", harness.Port}, {"--proto", "udp", "--port", harness.Port}, {"--proto", "icmp6"}, {"--proto", "47"}}

const tracePolicy6 = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: trace-six}
spec: {priority: 9, action: deny, from: [{endpoint: six1}], to: [{endpoint: six2}], ports: [udp/9]}
`

// probes: packets of IPv6 that are injected are seen on each host, and by no container,
// also where connections are tracked and on their way out.
func (v *village) probes(t *testing.T) {
	s := &street{lab: v.Lab, here: v.network}
	for _, to := range []*harness.Container{v.two, v.same} {
		reaches6(t, v.one, to, v.network)
		s.unseen6(t, v.one, to)
	}
	for range 2 { // the second time by the route
		s.delivered(t, "--probe", v.one.Name, "2001:db8::8", "--proto", "udp", "--port", "53")
	}
	s.pipe(t, tracePolicy6, "policy", "apply", "-f", "-")
	t.Cleanup(func() { v.TryCLI("policy", "rm", "--force", "trace-six") })
	at := address6(t, v.two, v.network)
	harness.Eventually(t, "the policy decides", func() error {
		if r := v.TryCLI("trace", v.one.Name, at, "--proto", "udp", "--port", "9"); r.Exit != 1 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	s.unseen6(t, v.one, v.two)
	if a := s.trace(t, 1, "--probe", v.one.Name, at, "--proto", "udp", "--port", "9"); a.Probe.Outcome != "denied" && a.Probe.Outcome != "dropped" {
		t.Errorf("what is denied: %+v", a.Probe)
	}
	if a := s.trace(t, 0, v.one.Name, at, "--proto", "icmp6"); !a.Path.Tracked {
		t.Errorf("it is not tracked: %+v", a.Path)
	}
	v.CLI(t, "policy", "rm", "trace-six")
	harness.Eventually(t, "the policy decides no more", func() error {
		if r := v.TryCLI("trace", v.one.Name, at, "--proto", "udp", "--port", "9"); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	reaches6(t, v.one, v.two, v.network)
	for _, host := range []string{"h1", "h2"} {
		if flows := v.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link"); strings.Contains(flows, "priority=900") {
			t.Errorf("on %s stays:\n%s", host, flows)
		}
	}
}

// unseen6 injects each kind of packet, which is delivered and not seen.
func (s *street) unseen6(t *testing.T, from, to *harness.Container) {
	t.Helper()
	at := address6(t, to, s.here)
	for _, args := range probeArgs6 {
		s.unseen(t, to, append([]string{"--probe", from.Name, at}, args...)...)
	}
}
