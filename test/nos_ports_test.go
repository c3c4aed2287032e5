// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestSwitchNeighbours has two switches find each other, and forget each other when one is
// told to be silent.
func TestSwitchNeighbours(t *testing.T) {
	w := threeSwitches(t)
	w.cable("up1", "h1", "h2")
	w.configure("h1", "set ports up1 mode trunk", "set ports up1 description \"to the second\"")
	w.configure("h2", "set ports up1 mode trunk")
	w.shows("h2", "show lldp up1", "system h1", "port description to the second", "is bridge")
	w.shows("h1", "show lldp", "up1 up1 h2 up1 bridge")
	w.configure("h1", "set ports up1 lldp off")
	w.shows("h2", "show lldp", "Neighbours (none)")
}

// TestSwitchLimits has limits, a list and queues at ports; all of it is there again when Open
// vSwitch was killed, and what somebody changes by hand is told.
func TestSwitchLimits(t *testing.T) {
	w := threeSwitches(t)
	one := w.station("h1", "p1", "", "10.81.0.1/24")
	w.station("h1", "p2", "", "10.81.0.2/24")
	w.configure("h1", "set ports p1 storm-control broadcast 10", "set ports p1 acl-in pings", "set ports p2 qos policy voice",
		"set acls pings rules 1 action permit", "set acls pings rules 1 protocol icmp", "set acls pings rules 1 destination 10.81.0.2/32",
		"set qos voice queues 0 guaranteed 1M", "set qos voice queues 1 guaranteed 1M", "set qos voice queues 1 dscp 46")
	one.reaches("10.81.0.2")
	w.shows("h1", "show acl pings", "pings 1 permit", "pings default deny")
	harness.Eventually(t, "broadcast frames were dropped", func() error {
		w.Try("h1", "ip", "netns", "exec", one.name, "ping", "-n", "-b", "-c", "100", "-i", "0.01", "-W", "1", "10.81.0.255")
		var rate, passed, dropped int
		for line := range strings.Lines(w.shell("h1", "show storm p1")) {
			if _, err := fmt.Sscanf(line, "p1 broadcast %d %d %d", &rate, &passed, &dropped); err == nil && dropped > 0 {
				return nil
			}
		}
		return fmt.Errorf("limit %d, passed %d, dropped %d", rate, passed, dropped)
	})
	w.On(t, "h1", "sh", "-c", "kill -9 $(cat /var/run/openvswitch/ovs-vswitchd.pid)")
	one.reaches("10.81.0.2")
	w.shows("h1", "show drift", "(none)")
	harness.Eventually(t, "queue 1 sends what is marked, and queue 0 nothing of it", func() error {
		usual, marked := w.sent("h1", "p2", "1:1"), w.sent("h1", "p2", "1:2")
		r := w.Try("h1", "ip", "netns", "exec", one.name, "ping", "-n", "-Q", "0xb8", "-c", "3", "-i", "0.05", "-W", "5", "10.81.0.2")
		usual, marked = w.sent("h1", "p2", "1:1")-usual, w.sent("h1", "p2", "1:2")-marked
		if !strings.Contains(r.Out, " 3 received") || marked != 3 || usual != 0 {
			return fmt.Errorf("%d marked packets, %d others, for %v", marked, usual, r)
		}
		return nil
	})
	w.shows("h1", "show drift", "(none)")
	w.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "add-flow", "unix:/var/run/openvswitch/br-switch.mgmt", "priority=7,actions=drop")
	w.shows("h1", "show drift", "priority=7 actions=drop")
	w.On(t, "h1", w.Binary, "config", "reapply")
	w.shows("h1", "show drift", "(none)")
}

// sentPackets is the counter in what tc shows of a class.
var sentPackets = regexp.MustCompile(`Sent [0-9]+ bytes ([0-9]+) pkt`)

// sent returns how many packets a class at a device of a node has sent.
func (w switches) sent(host, device, class string) int {
	w.t.Helper()
	out := w.On(w.t, host, "tc", "-s", "class", "show", "dev", device, "classid", class)
	m := sentPackets.FindStringSubmatch(out)
	if m == nil {
		w.t.Fatalf("class %s of %s: %q", class, device, out)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// shows waits until a command shows these words, however far apart.
func (w switches) shows(host, command string, want ...string) {
	w.t.Helper()
	harness.Eventually(w.t, command+" on "+host, func() error {
		text := strings.Join(strings.Fields(w.shell(host, command)), " ")
		for _, words := range want {
			if !strings.Contains(text, words) {
				return fmt.Errorf("%q is not in %s", words, text)
			}
		}
		return nil
	})
}
