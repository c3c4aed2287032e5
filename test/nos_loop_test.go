// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/test/harness"
)

// settles is how long a spanning tree may take where its bridges have to wait for their clocks.
const settles = 3 * time.Minute

// TestSwitchLoop joins three switches in a ring, which the spanning tree breaks, and cuts
// the ring where it carries frames.
func TestSwitchLoop(t *testing.T) {
	w := threeSwitches(t)
	ring := [][3]string{{"c12", "h1", "h2"}, {"c23", "h2", "h3"}, {"c13", "h1", "h3"}}
	ports := map[string][]string{}
	for _, c := range ring {
		w.cable(c[0], c[1], c[2])
		ports[c[1]], ports[c[2]] = append(ports[c[1]], c[0]), append(ports[c[2]], c[0])
	}
	var at []station
	for i, host := range w.Hosts() {
		at = append(at, w.station(host, "p1", "", fmt.Sprintf("10.10.0.%d/24", i+1)))
		commands := []string{
			"set spanning-tree enabled true", "set spanning-tree forward-delay 15s", "set spanning-tree max-age 20s",
			"set vlans 10 description offices", "set ports p1 vlan 10", "set ports p1 spanning-tree edge yes",
		}
		if host == "h1" {
			commands = append(commands, "set spanning-tree priority 4096") // so it is h2 and h3 that are not joined directly
		}
		for _, p := range ports[host] {
			commands = append(commands, "set ports "+p+" mode trunk")
		}
		w.configure(host, commands...)
	}
	harness.Within(t, settles, "one port of the ring is closed", func() error { return w.closed(ring, "c23", 1) })
	everybody := func() {
		t.Helper()
		at[0].reaches("10.10.0.2")
		at[1].reaches("10.10.0.3")
		at[2].reaches("10.10.0.1")
	}
	everybody()
	harness.Eventually(t, "20 echo requests are answered and do not go round", func() error {
		before := w.received("h1", "c12") + w.received("h1", "c13")
		answered := at[1].ping(20, "10.10.0.3")
		if got := w.received("h1", "c12") + w.received("h1", "c13") - before; answered != 20 || got > 1000 {
			return fmt.Errorf("%d answers, %d packets", answered, got)
		}
		return nil
	})
	w.On(t, "h1", "ip", "link", "set", "c12", "down")
	harness.Within(t, settles, "all ports of the rest are open", func() error { return w.closed(ring[1:], "", 0) })
	everybody()
	w.On(t, "h1", "ip", "link", "set", "c12", "up")
	harness.Within(t, settles, "one port of the ring is closed again", func() error { return w.closed(ring, "c23", 1) })
	everybody()
}

// closed checks that so many ports of the cables carry no frames, all of them of one cable.
func (w switches) closed(cables [][3]string, of string, want int) error {
	var found []string
	for _, c := range cables {
		for _, host := range c[1:] {
			state := w.On(w.t, host, "ovs-vsctl", "--if-exists", "get", "port", c[0], "rstp_status:rstp_port_state")
			if !strings.Contains(state, "Forwarding") {
				found = append(found, c[0]+" of "+host+": "+state)
				if c[0] != of {
					return fmt.Errorf("%v", found)
				}
			}
		}
	}
	if len(found) != want {
		return fmt.Errorf("%d: %v", len(found), found)
	}
	return nil
}
