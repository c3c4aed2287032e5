// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// traced is what the tests read of linkspan trace -o json.
type traced struct {
	Verdict struct {
		Verdict, Rule, Policy, Link string
		Places                      []string
	}
	Path struct {
		Transport string
		Tracked   bool
	}
	Hops []struct {
		Kind, Name string
		Flows      []struct {
			What    string
			Back    bool
			Packets uint64
		}
	}
	ToAllow []struct {
		Commands []string
		File     string
	} `json:"to_allow"`
	Probe struct {
		Outcome string
		Events  []struct{ Switch, Kind, Table string }
	}
}

// street is two networks: three containers in the one, and one in the other.
type street struct {
	lab        *harness.Lab
	a1, a2, a3 *harness.Container // a1 and a3 on the same host
	b          *harness.Container
	here       string // the network of the first three
}

func newStreet(t *testing.T) *street {
	l := shared(t)
	s := &street{lab: l, here: "tracehere"}
	l.Network(t, s.here, "10.91.0.0/24")
	l.Network(t, "tracethere", "10.92.0.0/24")
	s.a1 = l.Run(t, "h1", "trace-a1", "--network", s.here)
	s.a2 = l.Run(t, "h2", "trace-a2", "--network", s.here)
	s.a3 = l.Run(t, "h1", "trace-a3", "--network", s.here)
	s.b = l.Run(t, "h2", "trace-b", "--network", "tracethere")
	harness.Eventually(t, "all names are known", func() error {
		out := l.CLI(t, "endpoint", "ls", "--format", "{{.Container}}")
		for _, c := range []*harness.Container{s.a1, s.a2, s.a3, s.b} {
			if !strings.Contains(out, c.Name) {
				return fmt.Errorf("%s is not in %q", c.Name, out)
			}
		}
		return nil
	})
	return s
}

// trace asks about two containers and checks how the command ends.
func (s *street) trace(t *testing.T, exit int, args ...string) (answer traced) {
	t.Helper()
	r := s.lab.TryCLI(append([]string{"trace", "-o", "json"}, args...)...)
	if r.Exit != exit {
		t.Fatalf("trace %v: %v; want exit status %d", args, r, exit)
	}
	var all []traced
	if err := json.Unmarshal([]byte(r.Out), &all); err != nil {
		if err := json.Unmarshal([]byte(r.Out), &answer); err != nil {
			t.Fatalf("%v in %v", err, r)
		}
		return answer
	}
	return all[0]
}

// packets is how many packets the flows of a kind have taken, toward the destination.
func (a *traced) packets(what string) (n uint64) {
	for _, h := range a.Hops {
		for _, f := range h.Flows {
			if f.What == what && !f.Back {
				n += f.Packets
			}
		}
	}
	return n
}

// TestTrace: verdicts, probes and remedies, with real containers on two hosts.
func TestTrace(t *testing.T) {
	s := newStreet(t)
	t.Run("same network", s.sameNetwork)
	t.Run("probe", s.probes)
	t.Run("probe under traffic", s.underTraffic)
	t.Run("policy", s.policy)
	t.Run("link", s.link)
	t.Run("remedies", s.remedies)
	t.Run("others", s.others)
}

func (s *street) sameNetwork(t *testing.T) {
	s.a1.Reaches(t, s.a2, s.here)
	var a traced
	harness.Eventually(t, "what a1 has sent is counted", func() error { // by Open vSwitch, a moment later
		if a = s.trace(t, 0, "trace-a1", "trace-a2", "--proto", "tcp", "--port", harness.Port); a.packets("route") == 0 {
			return fmt.Errorf("hops are %+v", a.Hops)
		}
		return nil
	})
	if a.Verdict.Verdict != "allowed" || a.Verdict.Rule != "same network" || a.Path.Transport == "" || a.Path.Transport == "local" {
		t.Errorf("got %+v", a)
	}
	if len(a.Hops) != 5 || a.Hops[1].Name != "h1" || a.Hops[3].Name != "h2" {
		t.Errorf("hops are %+v", a.Hops)
	}
	text := s.lab.CLI(t, "trace", "trace-a1", "trace-a2", "--proto", "tcp", "--port", harness.Port)
	for _, want := range []string{"VERDICT  ALLOWED", "h1/trace-a1.tracehere", "route", "packets", "mtu"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if n := len(strings.TrimRight(line, "\n")); n > 100 {
			t.Errorf("a line has %d characters: %s", n, line)
		}
	}
	t.Log("\n" + text)
}

const tracePolicy = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: trace-closed}
spec: {priority: 9, action: deny, from: [{endpoint: trace-a3}, {endpoint: trace-a1}], to: [{endpoint: trace-a2}], ports: [udp/9, tcp/7000]}
`

// pipe runs linkspan with a text at its standard input.
func (s *street) pipe(t *testing.T, text string, args ...string) {
	t.Helper()
	cmd := s.lab.CLICommand(args...)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func (s *street) policy(t *testing.T) {
	s.pipe(t, tracePolicy, "policy", "apply", "-f", "-")
	t.Cleanup(func() { s.lab.TryCLI("policy", "rm", "--force", "trace-closed") })
	tcp := []string{"trace-a1", "trace-a2", "--proto", "tcp", "--port", harness.Port}
	harness.Eventually(t, "the policy decides", func() error {
		if r := s.lab.TryCLI(append([]string{"trace"}, tcp...)...); r.Exit != 1 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	a := s.trace(t, 1, append(tcp, "--probe")...)
	if a.Verdict.Policy != "trace-closed" || fmt.Sprint(a.Verdict.Places) != "[spec.from[1] spec.to[0] spec.ports[1]]" {
		t.Errorf("got %+v", a.Verdict)
	}
	if a.Probe.Outcome != "denied" && a.Probe.Outcome != "dropped" {
		t.Errorf("the probe: %+v", a.Probe)
	}
	if r := s.a1.Try("/probe", "ask", "-wait", "2s", "tcp", s.a2.Address(t, s.here)+":"+harness.Port); r.Exit == 0 {
		t.Errorf("a real connection opens: %v", r)
	}
	a = s.delivered(t, "trace-a1", "trace-a2", "--proto", "udp", "--port", harness.Port, "--probe")
	if !a.Path.Tracked {
		t.Errorf("what is still allowed is not tracked: %+v", a)
	}
	t.Log("\n" + s.lab.TryCLI(append([]string{"trace", "--probe"}, tcp...)...).Out)
}

func (s *street) link(t *testing.T) {
	s.lab.CLI(t, "disconnect", "trace-a1", "trace-a2")
	t.Cleanup(func() { s.lab.TryCLI("link", "clear", "h1/trace-a1", "h2/trace-a2") })
	harness.Eventually(t, "the link decides", func() error {
		if r := s.lab.TryCLI("trace", "trace-a1", "trace-a2"); r.Exit != 1 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	a := s.trace(t, 1, "trace-a1", "trace-a2", "--probe")
	if a.Verdict.Rule != "link" || !strings.Contains(a.Verdict.Link, "h1/trace-a1") || !strings.Contains(a.Verdict.Link, "h2/trace-a2") || a.Probe.Outcome == "delivered" {
		t.Errorf("got %+v", a)
	}
}

// remedies: whatever is told to be typed lets a real connection through.
func (s *street) remedies(t *testing.T) {
	args := []string{"trace-a1", "trace-b", "--proto", "tcp", "--port", harness.Port}
	all := s.trace(t, 1, args...).ToAllow
	undo := [][]string{
		{"policy", "rm", "trace-a1-to-trace-b"}, {"link", "clear", "h1/trace-a1", "h2/trace-b"}, {"group", "rm", "tracehere-tracethere"},
	}
	if len(all) != len(undo) {
		t.Fatalf("told are %+v", all)
	}
	t.Log("\n" + s.lab.TryCLI(append([]string{"trace"}, args...)...).Out)
	for i, r := range all {
		for _, c := range r.Commands {
			words := strings.Fields(c)
			if words[0] != "linkspan" {
				t.Fatalf("told is %q", c)
			}
			s.pipe(t, r.File, words[1:]...)
		}
		harness.Eventually(t, strings.Join(r.Commands, " and "), func() error {
			if r := s.lab.TryCLI(append([]string{"trace"}, args...)...); r.Exit != 0 {
				return fmt.Errorf("%v", r)
			}
			return nil
		})
		harness.Eventually(t, "the real connection", func() error {
			if r := s.a1.Ask("tcp", s.b.Address(t, "tracethere")); r.Exit != 0 || r.Out != s.b.Name {
				return fmt.Errorf("%v", r)
			}
			return nil
		})
		s.lab.CLI(t, undo[i]...)
		harness.Eventually(t, "what was typed is taken back", func() error {
			if r := s.lab.TryCLI(append([]string{"trace"}, args...)...); r.Exit != 1 {
				return fmt.Errorf("%v", r)
			}
			return nil
		})
	}
}

// others are asked about who are not both in networks of routes.
func (s *street) others(t *testing.T) {
	if a := s.trace(t, 0, "trace-a1", "8.8.8.8", "--proto", "udp", "--port", "53"); a.Hops[len(a.Hops)-1].Kind != "outside" {
		t.Errorf("to outside: %+v", a)
	}
	for range 2 { // the second time by the route
		s.delivered(t, "--probe", "trace-a1", "8.8.8.8", "--proto", "udp", "--port", "53")
	}
	s.trace(t, 1, "8.8.8.8", "trace-a1", "--proto", "tcp", "--port", "80")
	s.trace(t, 3, "trace-a1", "trace-a1")
	for args, want := range map[string]string{
		"trace-a1 trace-a1 --probe":         "no switch decides about such packets",
		"trace-a1 nobody":                   "endpoint nobody is not attached anywhere",
		"8.8.8.8 trace-a1 --probe":          "a packet is injected where a container",
		"trace-a1 trace-a2 --proto tcp":     "which port of tcp is not said",
		"trace-a1 trace-a2 --proto nonsens": `protocol "nonsens" is not known`,
	} {
		if r := s.lab.TryCLI(append([]string{"trace"}, strings.Fields(args)...)...); r.Exit != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("trace %s: %v; want %q", args, r, want)
		}
	}
}
