// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/test/harness"
)

// counts is how much there is of everything that a soak makes.
type counts struct {
	Networks, Endpoints, Routes int
	Hosts                       map[string]hostCounts
}

// hostCounts is how much there is on one host.
type hostCounts struct {
	Containers, Networks, Links, Ports, Flows, Meters int
	Connections                                       int // tracked by the datapath
}

// countAll looks at the lab.
func (w *world) countAll() (c counts, err error) {
	s, err := w.l.Snapshot()
	if err != nil {
		return c, err
	}
	c = counts{len(s.Networks), len(s.Endpoints), len(s.Routes), make(map[string]hostCounts)}
	for name, h := range s.Hosts {
		host := hostCounts{Containers: len(h.Containers), Networks: len(h.Networks), Links: len(h.Links),
			Ports: len(h.Ports), Flows: len(h.Flows), Meters: len(h.Meters)}
		tracked := w.l.Try(name, "ovs-appctl", "dpctl/ct-stats-show")
		if _, err := fmt.Sscanf(tracked.Out, "Connections Stats:\n Total: %d", &host.Connections); err != nil {
			return c, fmt.Errorf("connections of %s: %w: %v", name, err, tracked)
		}
		c.Hosts[name] = host
	}
	return c, nil
}

// beginning returns what there is before the soak.
func (w *world) beginning() (c counts) {
	w.t.Helper()
	harness.Eventually(w.t, "everything can be counted", func() (err error) {
		c, err = w.countAll()
		return err
	})
	return c
}

// back waits until there is again what there was.
func (w *world) back(before counts) {
	w.t.Helper()
	const most = 5 * time.Minute // what was under way when a switch was killed is swept after two
	for start := time.Now(); ; time.Sleep(time.Second) {
		now, err := w.countAll()
		diff := cmp.Diff(before, now)
		switch {
		case err == nil && diff == "":
			w.returned = time.Since(start).Round(time.Second)
			w.t.Logf("every count was back %v after the last removal", w.returned)
			return
		case time.Since(start) > most:
			w.t.Fatalf("not everything is back where it began: %v (-was +is):\n%s", err, diff)
		}
	}
}

// String tells the sums over the hosts.
func (c counts) String() string {
	var all hostCounts
	for _, h := range c.Hosts {
		all.Containers += h.Containers
		all.Links += h.Links
		all.Ports += h.Ports
		all.Flows += h.Flows
		all.Meters += h.Meters
		all.Connections += h.Connections
	}
	return strings.Join([]string{
		fmt.Sprintf("networks %d", c.Networks), fmt.Sprintf("endpoints %d", c.Endpoints), fmt.Sprintf("routes %d", c.Routes),
		fmt.Sprintf("containers %d", all.Containers), fmt.Sprintf("links %d", all.Links), fmt.Sprintf("ports %d", all.Ports),
		fmt.Sprintf("flows %d", all.Flows), fmt.Sprintf("meters %d", all.Meters),
		fmt.Sprintf("tracked connections %d", all.Connections),
	}, ", ")
}

// spaces counts the namespaces that the hosts' dockerds left, of containers
// that are gone: one that is killed while it makes or removes one leaves it.
func (w *world) spaces() (n int) {
	for _, host := range w.l.Hosts() {
		mounted := w.l.Try(host, "sh", "-c", "grep /run/docker/netns/ /proc/self/mountinfo | grep -vc /default")
		var here int
		if _, err := fmt.Sscan(mounted.Out, &here); err != nil {
			w.t.Errorf("namespaces of %s: %v: %v", host, err, mounted)
		}
		n += here
	}
	return n
}
