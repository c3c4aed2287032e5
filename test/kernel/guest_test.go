// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

const (
	network = "web"
	subnet  = "10.7.0.0/24"
	idle    = "10s"
)

// scene is what the steps of the story share.
type scene struct {
	*harness.Lab
	c1, c2, near *harness.Container // c1 and near on h1, c2 on h2
}

// step is one chapter; each stands on those before it.
type step struct {
	name string
	tell func(*testing.T, *scene)
}

func story() []step {
	return []step{
		{"datapath_is_the_kernels", kernelDatapath},
		{"features", features},
		{"containers_reach_each_other", reach},
		{"flows_are_in_the_kernel", kernelFlows},
		{"cached_flows_stay", cachedFlowsStay},
		{"traceroute_shows_the_hosts", traceroute},
		{"names", names},
		{"containers_have_fences", fences},
		{"tcp_with_offloads", transfer},
		{"limits_hold", limits},
		{"conntrack", conntrack},
		{"spoofed_source_is_dropped", spoof},
		{"meter_limits", meter},
		{"forwards_without_vswitchd", outage},
		{"idle_route_goes", idleRoute},
	}
}

// TestGuest is told in the machine.
func TestGuest(t *testing.T) {
	release := os.Getenv(guestVariable)
	if release == "" {
		t.Skip("not in the machine: make test-kernel runs this there")
	}
	s := raise(t)
	for _, step := range story() {
		t.Run(step.name, func(t *testing.T) { step.tell(t, s) })
	}
	if t.Failed() {
		s.Tell(t)
	}
}

// raise brings the lab up, with a network and its containers.
func raise(t *testing.T) *scene {
	t.Helper()
	l, err := lab.Up(t.Context(), lab.Config{
		Hosts: 2, Binary: binaryPath, Dockerd: enginePath, Progress: func(step string) { t.Log(step) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	s := &scene{Lab: &harness.Lab{Lab: l, Binary: binaryPath}}
	s.Network(t, network, subnet, "--idle", idle)
	s.c1 = s.start(t, "h1", "c1", "--cap-add", "NET_ADMIN")
	s.near = s.start(t, "h1", "near")
	s.c2 = s.start(t, "h2", "c2")
	return s
}

// start runs a container that has this program as /probe.
func (s *scene) start(t *testing.T, host, name string, options ...string) *harness.Container {
	t.Helper()
	c := &harness.Container{Lab: s.Lab, Host: host, Name: name}
	t.Cleanup(func() { c.Remove(t) })
	argv := []string{"docker", "run", "-d", "--name", name, "--network", network, "--stop-timeout", "1", "--volume", probePath + ":/probe:ro"}
	argv = append(append(argv, options...), "busybox", "sleep", "86400")
	s.On(t, host, argv...)
	return c
}

// ping must succeed; the first one plugs a route.
func ping(t *testing.T, from, to *harness.Container) string {
	t.Helper()
	return from.Exec(t, "ping", "-c", "3", "-W", "20", to.Address(t, network))
}

// has reports whether one line of text has all the parts.
func has(text string, parts ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			return true
		}
	}
	return false
}
