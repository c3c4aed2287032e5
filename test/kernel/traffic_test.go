// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// reach: on one host without a hop, across hosts with one at each.
func reach(t *testing.T, s *scene) {
	if out := ping(t, s.c1, s.near); !strings.Contains(out, "ttl=64") {
		t.Errorf("within a host:\n%s", out)
	}
	if out := ping(t, s.c1, s.c2); !strings.Contains(out, "ttl=62") {
		t.Errorf("across hosts:\n%s", out)
	}
	t.Log(s.CLI(t, "route", "ls"))
	for _, host := range s.Hosts() {
		if len(s.routeFlows(t, host)) == 0 {
			t.Errorf("%s has no flow of a route", host)
		}
	}
}

// routeFlows returns the flows of routes on a host: those that time out when idle.
func (s *scene) routeFlows(t *testing.T, host string) []string {
	t.Helper()
	out := s.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "--no-stats", "dump-flows", "br-link")
	return slices.DeleteFunc(strings.Split(out, "\n"), func(flow string) bool { return !strings.Contains(flow, "idle_timeout=") })
}

func traceroute(t *testing.T, s *scene) {
	target := s.c2.Address(t, network)
	out := s.c1.Exec(t, "traceroute", "-n", "-q", "1", "-w", "20", "-m", "5", target)
	t.Log(out)
	var hops []string
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] != "traceroute" {
			hops = append(hops, fields[1])
		}
	}
	if want := []string{s.Address("h1").String(), s.Address("h2").String(), target}; !slices.Equal(hops, want) {
		t.Errorf("hops %q, want %q", hops, want)
	}
}

// names: a container on another host is found by its name, which takes the
// kernel's own nftables in the container's namespace.
func names(t *testing.T, s *scene) {
	harness.Eventually(t, "c1 finds c2 by name", func() error {
		r := s.c1.Try("ping", "-c", "1", "-W", "20", s.c2.Name)
		if r.Exit != 0 || !strings.Contains(r.Out, "("+s.c2.Address(t, network)+")") {
			return errors.New(r.String())
		}
		return nil
	})
}

// transfer: what is sent arrives whole by TCP while the container leaves checksums and
// segmentation to its link, which it may on this datapath.
func transfer(t *testing.T, s *scene) {
	if on := s.c1.Exec(t, "/probe", "offloads", "eth0"); on != "tx-checksum tso gso" {
		t.Errorf("offloads that are on: %q", on)
	}
	for _, to := range []*harness.Container{s.near, s.c2} {
		s.On(t, to.Host, "docker", "exec", "-d", to.Name, "/probe", "receive", ":5000", "/tmp/sum")
		want := s.c1.Exec(t, "/probe", "send", to.Address(t, network)+":5000", mebibytes)
		harness.Eventually(t, "everything has come to "+to.Name, func() error {
			if r := to.Try("cat", "/tmp/sum"); r.Out != want {
				return errors.New(r.String())
			}
			return nil
		})
	}
}

const mebibytes = "4"

// idleRoute: nothing of a route is left after its idle time.
func idleRoute(t *testing.T, s *scene) {
	ping(t, s.c1, s.c2)
	harness.Eventually(t, "the route is gone", func() error {
		if out := s.CLI(t, "route", "ls", "-q"); out != "" {
			return errors.New(out)
		}
		return nil
	})
	for _, host := range s.Hosts() {
		if flows := s.routeFlows(t, host); len(flows) > 0 {
			t.Errorf("%s still has flows of routes: %q", host, flows)
		}
	}
	ping(t, s.c1, s.c2)
}
