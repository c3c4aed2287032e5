// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/test/harness"
)

// route is what the test reads of linkspan route ls -o json.
type route struct {
	Network, A, B, Transport string
	Chassis                  []string
	Flows                    []struct{ Chassis, From, To, Text string }
}

func routes(t *testing.T, l *harness.Lab, network string) []route {
	t.Helper()
	var list []route
	if err := json.Unmarshal([]byte(l.CLI(t, "route", "ls", "--network", network, "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func unplugged(t *testing.T, l *harness.Lab, network string) {
	t.Helper()
	harness.Eventually(t, "linkspan route ls --network "+network+" is empty", func() error {
		if list := routes(t, l, network); len(list) > 0 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
}

func TestRouteLife(t *testing.T) {
	l := shared(t)
	l.Network(t, "idle", "10.23.0.0/24", "--idle", "3s", "--transport", "tunnel")
	c1 := l.Run(t, "h1", "idle1", "--network", "idle")
	c2 := l.Run(t, "h2", "idle2", "--network", "idle")
	c3 := l.Run(t, "h1", "idle3", "--network", "idle")
	before := l.Settled(t)
	for range 2 { // the second time tells that a route is plugged again
		c1.Reaches(t, c2, "idle")
		c1.Reaches(t, c3, "idle")
		checkPlugged(t, l, c1, c2, "tunnel", "h1", "h2")
		checkPlugged(t, l, c1, c3, "local", "h1")
		unplugged(t, l, "idle")
		l.Back(t, before)
	}
}

// checkPlugged has one ask the other, and waits until route ls shows the pair's route, with flows
// both ways on each of its hosts, and these flows are there: both before they idle out.
func checkPlugged(t *testing.T, l *harness.Lab, a, b *harness.Container, transport string, hosts ...string) {
	t.Helper()
	ends := []string{a.Address(t, "idle"), b.Address(t, "idle")}
	harness.Eventually(t, fmt.Sprintf("a route between %q", ends), func() error {
		if r := a.Ask("udp", ends[1]); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		if err := shownPlugged(routes(t, l, "idle"), ends, transport, hosts); err != nil {
			return err
		}
		for _, host := range hosts {
			both := fmt.Sprintf("nw_src=%s,nw_dst=%s", ends[0], ends[1])
			flows := l.Flows(t, host)
			if !slices.ContainsFunc(flows, func(f string) bool { return strings.Contains(f, both) }) {
				return fmt.Errorf("%s has no flow with %s:\n%s", host, both, strings.Join(flows, "\n"))
			}
		}
		return nil
	})
}

// shownPlugged checks what is shown of the route between two ends.
func shownPlugged(list []route, ends []string, transport string, hosts []string) error {
	i := slices.IndexFunc(list, func(r route) bool {
		return slices.Contains(ends, r.A) && slices.Contains(ends, r.B)
	})
	if i < 0 {
		return fmt.Errorf("there is none among %+v", list)
	}
	r := list[i]
	slices.Sort(r.Chassis)
	if diff := cmp.Diff(hosts, r.Chassis); diff != "" || r.Transport != transport {
		return fmt.Errorf("it has transport %s, switches (-want +got):\n%s", r.Transport, diff)
	}
	if want := 2 * len(hosts); len(r.Flows) != want {
		return fmt.Errorf("it has %d flows, want %d: %+v", len(r.Flows), want, r)
	}
	return nil
}

func TestSecondConnectionAsksNobody(t *testing.T) {
	l := shared(t)
	l.Network(t, "second", "10.24.0.0/24", "--transport", "tunnel")
	c1 := l.Run(t, "h1", "second1", "--network", "second")
	c2 := l.Run(t, "h2", "second2", "--network", "second")
	c3 := l.Run(t, "h2", "second3", "--network", "second")
	w := l.WatchRoutes(t)
	c1.Reaches(t, c2, "second")
	w.Await(t, "the first connection plugs a route", plugged(c2.Address(t, "second")))
	asked, seen := l.Asked(t), len(w.Plugs())
	for range 3 {
		c1.Reaches(t, c2, "second")
		c2.Reaches(t, c1, "second")
	}
	if now := l.Asked(t); now != asked {
		t.Errorf("the controller was asked %d times by connections of a pair that has a route", now-asked)
	}
	// Whatever the watch has to tell of the pair comes before it tells of another.
	c1.Reaches(t, c3, "second")
	last := c3.Address(t, "second")
	for _, p := range w.Await(t, "another pair's route is plugged", plugged(last))[seen:] {
		if p.From != last && p.To != last {
			t.Errorf("a further connection changed something: %+v", p)
		}
	}
	if l.Asked(t) == asked {
		t.Error("another pair's first packet was not counted: this test counts nothing")
	}
}

func plugged(to string) func(harness.Plug) bool {
	return func(p harness.Plug) bool { return p.Kind == "plugged" && (p.To == to || p.From == to) }
}

// TestIdleStream keeps a TCP connection silent for longer than the idle time and
// then goes on, from either end.
func TestIdleStream(t *testing.T) {
	l := shared(t)
	l.Network(t, "stream", "10.25.0.0/24", "--idle", "2s", "--transport", "tunnel")
	c1 := l.Run(t, "h1", "stream1", "--network", "stream")
	c2 := l.Run(t, "h2", "stream2", "--network", "stream")
	server := c2.Open(t, "nc", "-l", "-p", "7100")
	harness.Eventually(t, "nc listens", func() error {
		if out := c2.Exec(t, "netstat", "-ltn"); !strings.Contains(out, ":7100 ") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	client := c1.Open(t, "nc", c2.Address(t, "stream"), "7100")
	client.Say(t, "hello")
	server.Hears(t, "hello")
	unplugged(t, l, "stream")
	server.Say(t, "from the server")
	client.Hears(t, "from the server")
	unplugged(t, l, "stream")
	client.Say(t, "from the client")
	server.Hears(t, "hello", "from the client")
}
