// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// published ports are the other host's after the move, and no more the first one's; one
// that is taken there is told beforehand, and nothing is changed.
func (m *moving) published(t *testing.T) {
	outside := m.Run(t, "h3", "outside", "--network", "host")
	h1, h2 := underlayOf(t, m.Lab, "h1"), underlayOf(t, m.Lab, "h2")
	m.comesBack(t, "web")
	m.On(t, "h1", m.RunArgs("web", "--network", "go", "--ip", "10.71.0.90", "-p", "8400:7000", "-p", "8400:7000/udp", "-p", "8410-8412:7000")...)
	answered := func(at, there string) {
		t.Helper()
		for _, network := range []string{"tcp", "udp"} {
			served(t, outside, network, at+":8400", "web")
			if r := outside.Try("/probe", "ask", "-wait", "2s", network, there+":8400"); r.Exit == 0 {
				t.Errorf("it answers %s at %s too: %v", network, there, r)
			}
		}
	}
	answered(h1, h2)
	move := []string{"endpoint", "move", "--shared", m.Probe(), "--to", "h2", "web"}

	holder := m.Run(t, "h2", "holder", "--network", "stay", "-p", "8400:7000", "-p", "8410:7000")
	r := m.TryCLI(move...)
	if r.Exit != 1 || !strings.Contains(r.Err, "port 8400/tcp that it publishes is taken on host h2") || strings.Contains(r.Err, "udp") || strings.Contains(r.Err, "8410") {
		t.Errorf("with a port that is taken: %v", r)
	}
	if dry := m.TryCLI(slices.Insert(slices.Clone(move), 2, "--dry-run")...); dry.Exit != 1 || !strings.Contains(dry.Out, "forbidden: port 8400/tcp") {
		t.Errorf("the dry run: %v", dry)
	}
	if made := m.On(t, "h2", "docker", "ps", "-aq", "--filter", "name=web", "--filter", "name=linkspan-move"); made != "" {
		t.Errorf("on h2 there are %s", made)
	}
	answered(h1, h1+"0") // nobody is there
	holder.Remove(t)

	m.CLI(t, move...)
	answered(h2, h1)
	m.leaves(t, "10.71.0.90")
	const want = "0.0.0.0:8400->7000/tcp, 0.0.0.0:8410->7000/tcp, 0.0.0.0:8400->7000/udp"
	harness.Eventually(t, "what is published is shown", func() error {
		if ports := m.CLI(t, "endpoint", "inspect", "h2/web.go", "--format", `{{join .Published ", "}}`); ports != want {
			return errors.New(ports)
		}
		return nil
	})
	m.Run(t, "h1", "next", "--network", "stay", "-p", "8400:7000")
	served(t, outside, "tcp", h1+":8400", "next")
}
