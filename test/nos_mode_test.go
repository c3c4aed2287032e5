// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestSwitchModes changes who decides on a switch under pings, by the shell, and has hosts of
// two switches reach each other through the fabric.
func TestSwitchModes(t *testing.T) {
	w := threeSwitches(t)
	w.CLI(t, "network", "create", "office", "--subnet", "10.40.0.0/24")
	t.Cleanup(func() { w.TryCLI("network", "rm", "office") })
	a := w.station("h1", "p1", "", "10.40.0.2/24")
	w.station("h1", "p2", "", "10.40.0.3/24")
	far := w.station("h2", "p1", "", "10.40.0.4/24")
	w.configure("h1", "set vlans 10 network office", "set ports p1 vlan 10", "set ports p2 vlan 10")
	w.configure("h2", "set vlans 10 network office", "set ports p1 vlan 10")
	a.reaches("10.40.0.3")
	a.isolated("10.40.0.4")

	a.losesNothing("10.40.0.3", func() {
		for i := range 20 {
			w.configure("h1", "set control mode "+[]string{"sdn", "traditional"}[i%2])
		}
	})
	w.configure("h1", "set control mode hybrid")
	a.losesNothing("10.40.0.3", func() {
		for i := range 20 {
			w.configure("h1", "set vlans 10 control "+[]string{"sdn", "traditional"}[i%2])
		}
	})

	w.configure("h1", "delete vlans 10 control", "set control mode sdn")
	w.configure("h2", "set control mode hybrid", "set vlans 10 control sdn")
	a.reaches("10.40.0.3")
	a.reaches("10.40.0.4")
	far.reaches("10.40.0.2")
	if out := w.CLI(t, "endpoint", "ls"); !strings.Contains(out, "host-10-40-0-2") || !strings.Contains(out, "host-10-40-0-4") {
		t.Errorf("hosts are no endpoints:\n%s", out)
	}
	if out := w.shell("h1", "show control"); !strings.Contains(out, "10.40.0.2") {
		t.Errorf("show control:\n%s", out)
	}
	harness.Eventually(t, "there is no drift", func() error {
		if out := w.shell("h1", "show drift"); strings.Contains(out, "flow") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	w.configure("h1", "set control mode traditional")
	w.configure("h2", "delete vlans 10 control", "set control mode traditional")
}

// losesNothing has pings each millisecond be answered while do works, but for the last one, which is under way.
func (s station) losesNothing(address string, do func()) {
	s.w.t.Helper()
	pinged := make(chan harness.Result, 1)
	go func() {
		pinged <- s.w.Try(s.host, "ip", "netns", "exec", s.name, "sh", "-c", "ping -n -q -i 0.001 "+address+" & echo $! >/run/ping.pid; wait")
	}()
	do()
	s.w.On(s.w.t, s.host, "sh", "-c", "kill -INT $(cat /run/ping.pid)")
	var sent, got int
	for _, line := range strings.Split((<-pinged).Out, "\n") {
		_, _ = fmt.Sscanf(line, "%d packets transmitted, %d received", &sent, &got)
	}
	// Frames that wait for ovs-vswitchd while the machine is busy are lost before it; nos/mode holds changes
	// to what is lost without them.
	if s.w.t.Logf("%d of %d pings answered", got, sent); sent < 100 || got < sent*999/1000-1 {
		s.w.t.Errorf("%d of %d pings were answered", got, sent)
	}
}
