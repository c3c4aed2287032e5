// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// revocable opens port 80 in one direction, and closes all else of the network.
const revocable = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: revoke-open}
spec:
  priority: 20
  action: allow
  from: [{endpoint: revoke1}]
  to: [{network: revoke}]
  ports: [tcp/80, udp/80]
---
apiVersion: linkspan/v1
kind: Policy
metadata: {name: revoke-shut}
spec: {priority: 10, action: deny, to: [{network: revoke}]}
`

// apply applies policies, and removes those of the names at the end of the test.
func apply(t *testing.T, l *harness.Lab, text string, names ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.TryCLI(append([]string{"policy", "rm", "--force"}, names...)...) })
	l.CLI(t, "policy", "apply", "-f", file)
}

// TestRevoked: a stream that a policy allows one way runs, and its answers; the reverse
// does not open. When the policy goes, or says otherwise, the stream stops on both
// hosts, and comes back with it.
func TestRevoked(t *testing.T) {
	l := shared(t)
	l.Network(t, "revoke", "10.127.0.0/24")
	opener := l.Run(t, "h1", "revoke1", "--network", "revoke")
	serves80(t, opener)
	for _, host := range l.Hosts() {
		other := l.Run(t, host, "revoke-"+host, "--network", "revoke")
		serves80(t, other)
		t.Run("to a container of "+host, func(t *testing.T) { revoked(t, opener, other) })
	}
}

// shutOneWay closes what one may open to the others of its network, and nothing else.
const shutOneWay = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: revoke-one-way}
spec: {priority: 30, action: deny, from: [{endpoint: revoke1}], to: [{network: revoke}]}
`

// TestRevokedOneWay: two containers have streams open, each to the other; one way is
// closed. What went that way stops and stays so, though the other end may open, and does: also
// where the ports do not say who opened. What went the other way loses nothing.
func TestRevokedOneWay(t *testing.T) {
	l := shared(t)
	l.Network(t, "revoke", "10.127.0.0/24")
	opener := l.Run(t, "h1", "revoke1", "--network", "revoke")
	serves80(t, opener)
	for i, host := range l.Hosts() {
		other := l.Run(t, host, "revoke-"+host, "--network", "revoke")
		serves80(t, other)
		low := 20000 + i // that of the host before is not free yet
		t.Run("to a container of "+host, func(t *testing.T) { revokedOneWay(t, opener, other, low) })
	}
}

func revokedOneWay(t *testing.T, opener, other *harness.Container, low int) {
	l := opener.Lab
	a, b := opener.Address(t, "revoke"), other.Address(t, "revoke")
	cut := []*harness.Pour{opener.Pour(t, b+":80"), opener.PourFrom(t, low, b+":80")}
	kept := other.Pour(t, a+":80")
	apply(t, l, shutOneWay, "revoke-one-way")
	for _, p := range cut {
		t.Logf("the last answer came %v after the command", p.Stands(t))
	}
	if r := other.Try("/probe", "ask", "udp", a+":7000"); r.Exit != 0 {
		t.Errorf("what stays open: %v", r)
	}
	kept.Flows(t)
	for _, p := range cut { // the first denials have gone meanwhile, or go
		p.Stands(t)
	}
	l.CLI(t, "policy", "rm", "revoke-one-way")
	for _, p := range cut {
		p.Flows(t)
	}
	if p := kept.End(t); p.Back != p.Lines {
		t.Errorf("of the stream that stays allowed came back %+v", p)
	}
}

// serves80 has a container answer at port 80, too.
func serves80(t *testing.T, c *harness.Container) {
	t.Helper()
	c.Open(t, "/probe", "serve", ":80")
	harness.Eventually(t, c.Name+" serves port 80", func() error {
		if r := c.Try("/probe", "ask", "tcp", "127.0.0.1:80"); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

func revoked(t *testing.T, opener, other *harness.Container) {
	l := opener.Lab
	a, b := opener.Address(t, "revoke"), other.Address(t, "revoke")
	apply(t, l, revocable, "revoke-open", "revoke-shut")
	stream := opener.Pour(t, b+":80")
	for _, ask := range []struct {
		from     *harness.Container
		what, at string
	}{{other, "tcp", a + ":80"}, {other, "udp", a + ":80"}, {opener, "tcp", b + ":7000"}, {opener, "udp", b + ":7000"}} {
		if r := ask.from.Try("/probe", "ask", "-wait", "1s", ask.what, ask.at); r.Exit == 0 {
			t.Errorf("%s opens %s %s", ask.from.Name, ask.what, ask.at)
		}
	}
	stream.Flows(t)

	l.CLI(t, "policy", "rm", "revoke-open")
	t.Logf("the last answer came %v after the command", stream.Stands(t))
	forgotten(t, l, a, b)
	apply(t, l, revocable, "revoke-open")
	stream.Flows(t)

	apply(t, l, strings.Replace(revocable, "allow", "reject", 1), "revoke-open")
	t.Logf("the last answer came %v after the command", stream.Stands(t))
	forgotten(t, l, a, b)
	for _, what := range []string{"tcp", "udp"} {
		r := opener.Try("/probe", "ask", what, b+":80")
		if r.Exit == 0 || !strings.Contains(r.Err, "no route to host") { // what Linux makes of a prohibition
			t.Errorf("%s that is rejected: %v", what, r)
		}
	}
	apply(t, l, revocable, "revoke-open")
	stream.Flows(t)
	if p := stream.End(t); p.Back != p.Lines {
		t.Errorf("of the stream that was cut and went on came back %+v", p)
	}
}

// forgotten waits until no host has a flow that lets through what goes between the two
// addresses, or knows a connection of theirs.
func forgotten(t *testing.T, l *harness.Lab, a, b string) {
	t.Helper()
	for _, host := range l.Hosts() {
		harness.Eventually(t, host+" has forgotten", func() error {
			for _, f := range l.Flows(t, host) {
				if strings.Contains(f, "="+a+",") && strings.Contains(f, "="+b+" ") && strings.Contains(f, "output:") {
					return fmt.Errorf("flow %s", f)
				}
			}
			for line := range strings.Lines(l.On(t, host, "ovs-appctl", "dpctl/dump-conntrack")) {
				if strings.Contains(line, "src="+a+",dst="+b+",") && strings.Contains(line, "dport=80") {
					return fmt.Errorf("connection %s", line)
				}
			}
			return nil
		})
	}
}
