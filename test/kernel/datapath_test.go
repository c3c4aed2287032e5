// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// kernelDatapath: the bridges are of the kernel's type, and the switch says so.
func kernelDatapath(t *testing.T, s *scene) {
	for _, host := range s.Hosts() {
		if got := s.On(t, host, "ovs-vsctl", "get", "bridge", "br-link", "datapath_type"); got != "system" {
			t.Errorf("datapath type on %s is %q", host, got)
		}
		if got := s.On(t, host, "ovs-appctl", "dpctl/dump-dps"); got != "system@ovs-system" {
			t.Errorf("datapaths of %s: %q", host, got)
		}
		if got := s.On(t, host, "linkspan", "doctor"); !strings.Contains(got, "kernel datapath") {
			t.Errorf("doctor on %s:\n%s", host, got)
		}
		t.Log(s.On(t, host, "ovs-appctl", "dpctl/show"))
	}
	t.Log(s.On(t, "h1", "uname", "-a"))
}

// features: what the pipeline needs is there. The kernel cannot set the fields
// of a neighbour advertisement, so the switch has to answer solicitations.
func features(t *testing.T, s *scene) {
	text := s.On(t, "h1", "ovs-appctl", "dpif/show-dp-features", "br-link")
	t.Log(text)
	for feature, want := range map[string]string{
		"CT state": "Yes", "CT zone": "Yes", "CT mark": "Yes", "CT state NAT": "Yes", "CT orig tuple": "Yes",
		"IPv6 ND Extension": "No",
	} {
		if !has(text, feature+": "+want) {
			t.Errorf("not there: %s: %s", feature, want)
		}
	}
	meters := s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "meter-features", "br-link")
	t.Log(meters)
	if !has(meters, "max_meter:") || has(meters, "max_meter:0 ") {
		t.Error("the kernel has no meters")
	}
}

// kernelFlows: while two containers talk, the kernel itself forwards on both
// hosts.
func kernelFlows(t *testing.T, s *scene) {
	stop := talk(t, s.c1, s.c2)
	defer stop()
	for _, host := range s.Hosts() {
		var flows string
		harness.Eventually(t, "the kernel of "+host+" forwards", func() error {
			flows = s.On(t, host, "ovs-appctl", "dpctl/dump-flows", "system@ovs-system")
			if !has(flows, "eth_type(0x0800)", "set(", "ttl=") || !has(flows, "proto=1", "used:0.") {
				return errors.New(flows)
			}
			return nil
		})
		t.Log(flows)
	}
}

// talk pings until stopped.
func talk(t *testing.T, from, to *harness.Container) (stop func()) {
	t.Helper()
	address := to.Address(t, network)
	from.Exec(t, "sh", "-c", "ping -i 0.2 "+address+" >/dev/null 2>&1 & echo $! >/tmp/talk")
	return func() { from.Exec(t, "sh", "-c", "kill $(cat /tmp/talk)") }
}

const conntrackZone = "777"

// conntrack: the kernel tracks a conversation in a zone that a flow names. The
// flow stands in front of the guard's and goes on where that one does.
func conntrack(t *testing.T, s *scene) {
	const flow = "table=5,ip,cookie=0x7e57,priority=60000"
	s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "add-flow", "br-link", flow+",actions=ct(commit,zone="+conntrackZone+",table=30)")
	defer s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "del-flows", "br-link", "cookie=0x7e57/-1")
	ping(t, s.c1, s.c2)
	tracked := s.On(t, "h1", "ovs-appctl", "dpctl/dump-conntrack", "system@ovs-system", "zone="+conntrackZone)
	t.Log(tracked)
	if !has(tracked, "icmp", "src="+s.c1.Address(t, network)+",dst="+s.c2.Address(t, network), "zone="+conntrackZone) {
		t.Error("the conversation is not tracked")
	}
}
