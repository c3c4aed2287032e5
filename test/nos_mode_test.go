// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

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

	pings := []pair{{[]string{"ip", "netns", "exec", a.name}, "10.40.0.3"}}
	losesNothing(t, w.Lab, pings, func() {
		for i := range 20 {
			w.decides("h1", "set control mode "+[]string{"sdn", "traditional"}[i%2])
		}
	})
	w.decides("h1", "set control mode hybrid")
	losesNothing(t, w.Lab, pings, func() {
		for i := range 20 {
			w.decides("h1", "set vlans 10 control "+[]string{"sdn", "traditional"}[i%2])
		}
	})

	w.decides("h1", "delete vlans 10 control", "set control mode sdn")
	w.decides("h2", "set control mode hybrid", "set vlans 10 control sdn")
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
	w.decides("h1", "set control mode traditional")
	w.decides("h2", "delete vlans 10 control", "set control mode traditional")
}

// decides changes who decides on a switch, again where hosts were too slow for the change: it is
// refused then, and nothing is changed.
func (w switches) decides(host string, commands ...string) {
	w.t.Helper()
	line := strings.Join(append(append([]string{"configure"}, commands...), "commit"), "; ")
	harness.Within(w.t, 5*time.Minute, line+" on "+host, func() error {
		r := w.Try(host, w.Binary, "shell", "-c", line)
		if r.Exit == 0 {
			return nil
		}
		if !tooSlow.MatchString(r.Err) {
			w.t.Fatalf("%s: %v", line, r)
		}
		return fmt.Errorf("%v", r)
	})
}

// tooSlow is what a change of who decides is refused with where hosts were slower than it waits.
var tooSlow = regexp.MustCompile(`hosts did not get into the fabric in time|hosts are not reached after the change`)
