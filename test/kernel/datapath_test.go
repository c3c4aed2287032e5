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
		// It exits with 1 as long as anything else is not well, as while the machine is slow.
		harness.Eventually(t, "doctor on "+host+" says whose the datapath is", func() error {
			if r := s.Try(host, "linkspan", "doctor"); !strings.Contains(r.Out, "kernel datapath") {
				return errors.New(r.String())
			}
			return nil
		})
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

// conntrack: the kernel tracks a conversation in a zone that a flow names, knows a
// connection by the packet that opened it, in both directions and in fragments, and
// forgets it when OpenFlow says so. The flows stand in front of the guard's and of
// what arrives, and go on where those do.
func conntrack(t *testing.T, s *scene) {
	const ours, class = "cookie=0x7e57,priority=60000,ip,", "ct_nw_proto=1,ct_tp_src=8,"
	on := func(flow string) {
		s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "add-flow", "br-link", flow)
	}
	track := "actions=ct(zone=" + conntrackZone + ",table=99)"
	defer s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "del-flows", "br-link", "cookie=0x7e57/-1")
	on("table=99," + ours + "ct_state=+trk+new-rpl-inv," + class + "actions=ct(commit,zone=" + conntrackZone + "),resubmit(,30)")
	on("table=99," + ours + "ct_state=+trk-new-rpl-inv," + class + "actions=resubmit(,30)")
	on("table=99," + ours + "ct_state=+trk+rpl-inv," + class + "actions=resubmit(,41)")
	// Replies arrive: their route, which is plugged already, comes after the tracking.
	ping(t, s.c1, s.c2)
	for _, f := range s.routeFlows(t, "h1") {
		if _, body, ok := strings.Cut(f, "table=40,"); ok {
			_, match, _ := strings.Cut(body, "priority=")
			_, match, _ = strings.Cut(match, ",")
			on("table=41," + strings.Replace(ours, "ip,", "", 1) + match)
		}
	}
	on("table=5," + ours + track)
	on("table=40," + ours + track)
	ping(t, s.c1, s.c2)
	s.c1.Exec(t, "ping", "-c", "2", "-W", "30", "-s", "4000", s.c2.Address(t, network))
	flows := s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link", "table=99")
	t.Log(flows)
	for line := range strings.Lines(flows) {
		if strings.Contains(line, "ct_nw_proto") && strings.Contains(line, "n_packets=0,") && !strings.Contains(line, "-new-rpl") {
			t.Errorf("nothing came by %s", line)
		}
	}
	known := func() string {
		return s.On(t, "h1", "ovs-appctl", "dpctl/dump-conntrack", "system@ovs-system", "zone="+conntrackZone)
	}
	tracked := known()
	t.Log(tracked)
	if !has(tracked, "icmp", "src="+s.c1.Address(t, network)+",dst="+s.c2.Address(t, network), "zone="+conntrackZone) {
		t.Error("the conversation is not tracked")
	}
	s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "ct-flush", "br-link", "zone="+conntrackZone)
	if tracked := known(); has(tracked, "icmp") {
		t.Errorf("after the flush: %s", tracked)
	}
}
