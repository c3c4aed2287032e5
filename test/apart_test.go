// SPDX-License-Identifier: Apache-2.0

package test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestSameSubnetTwice has two networks with the same addresses on the same
// hosts, with containers at the very same addresses in both.
func TestSameSubnetTwice(t *testing.T) {
	l := shared(t)
	l.Network(t, "left", "10.26.0.0/24")
	l.Network(t, "right", "10.26.0.0/24")
	cast := make(map[string]*harness.Container)
	for _, network := range []string{"left", "right"} {
		for host, ip := range map[string]string{"h1": "10.26.0.11", "h2": "10.26.0.12"} {
			name := network + "-" + host
			cast[name] = l.Run(t, host, name, "--network", network, "--ip", ip)
		}
	}
	for _, network := range []string{"left", "right"} {
		// The answer tells who answered, not only that somebody did.
		cast[network+"-h1"].Reaches(t, cast[network+"-h2"], network)
		cast[network+"-h2"].Reaches(t, cast[network+"-h1"], network)
	}
	cast["right-h2"].Remove(t)
	cast["right-h1"].Isolated(t, "10.26.0.12")
	cast["left-h1"].Reaches(t, cast["left-h2"], "left")
}

func TestNetworksStayApart(t *testing.T) {
	l := shared(t)
	l.Network(t, "front", "10.27.0.0/24")
	l.Network(t, "back", "10.28.0.0/24")
	front1 := l.Run(t, "h1", "front1", "--network", "front")
	front2 := l.Run(t, "h2", "front2", "--network", "front")
	back1 := l.Run(t, "h1", "back1", "--network", "back")
	back2 := l.Run(t, "h2", "back2", "--network", "back")
	if out := front1.Exec(t, "ip", "route"); !strings.Contains(out, "default via 10.27.0.1") {
		t.Errorf("without a default route this test would show nothing:\n%s", out)
	}
	w := l.WatchRoutes(t)
	for _, other := range []*harness.Container{back1, back2} {
		front1.Isolated(t, other.Address(t, "back")) // through the gateway
	}
	w.Await(t, "the denial is told", func(p harness.Plug) bool {
		return p.Kind == "denied" && p.Network == "front" && p.To == back2.Address(t, "back") && p.Reason != ""
	})
	// Nor by a route of their own making, past the gateway.
	bold := l.Run(t, "h1", "bold", "--network", "front", "--cap-add", "NET_ADMIN")
	bold.Exec(t, "ip", "route", "add", back2.Address(t, "back")+"/32", "dev", "eth0")
	bold.Isolated(t, back2.Address(t, "back"))
	front1.Reaches(t, front2, "front")
	back1.Reaches(t, back2, "back")
}
