// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// userspaceTSO has the hosts forward with userspace TSO or without, as an
// administrator does it: ovs-vswitchd is down while the setting changes.
func userspaceTSO(t *testing.T, l *harness.Lab, on bool, says string) {
	t.Helper()
	set := []string{"ovs-vsctl", "--no-wait", "remove", "Open_vSwitch", ".", "other_config", "userspace-tso-enable"}
	if on {
		set = []string{"ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "other_config:userspace-tso-enable=true"}
	}
	for _, host := range l.Hosts() {
		if err := l.Stop(t.Context(), host, "ovs-vswitchd"); err != nil {
			t.Fatal(err)
		}
		l.On(t, host, set...)
		if err := l.Start(t.Context(), host, "ovs-vswitchd"); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range l.Hosts() {
		fastPath(t, l, host, says)
	}
}

// fastPath waits until the doctor of a host says so of its fast path.
func fastPath(t *testing.T, l *harness.Lab, host, says string) {
	t.Helper()
	program, _ := harness.Binary()
	harness.Eventually(t, "fast path of "+host+": "+says, func() error {
		r := l.Try(host, program, "doctor")
		if !strings.Contains(r.Out, says) {
			return fmt.Errorf("doctor says %v", r)
		}
		return nil
	})
}

// whole has two containers exchange what tells a wrong offload at once: first
// packets by TCP and UDP, datagrams larger than a frame, and a file.
func whole(t *testing.T, from, to *harness.Container, network string) {
	t.Helper()
	from.Reaches(t, to, network)
	to.Reaches(t, from, network)
	address := to.Address(t, network)
	from.Echo(t, address, "-s", "8000")
	want := strings.Fields(to.Exec(t, "sha256sum", "/www/big"))[0]
	if got := from.Exec(t, "sh", "-c", "wget -q -O - http://"+address+"/big | sha256sum"); strings.Fields(got)[0] != want {
		t.Errorf("%s fetched %s from %s, want %s", from.Name, got, to.Name, want)
	}
}

// TestFastPaths has containers talk on one host and across hosts, through the
// tunnel and directly, with userspace TSO and without. Those that run follow the
// change.
func TestFastPaths(t *testing.T) {
	l := own(t, lab.Config{Hosts: 2})
	if r := l.Try("h1", "ovs-vsctl", "get", "bridge", "br-link", "datapath_type"); r.Out == "system" {
		t.Skip("needs a kernel without openvswitch: only the userspace datapath has TSO to choose")
	}
	const with, without = "datapath with TSO", "datapath without TSO: the kernel"
	for i, transport := range []string{"tunnel", "direct"} {
		l.Network(t, transport, fmt.Sprintf("10.6%d.0.0/24", i+1), "--transport", transport)
	}
	serve := func(host, network, name string) *harness.Container {
		c := l.Run(t, host, name, "--network", network)
		c.Exec(t, "sh", "-c", "mkdir /www && dd if=/dev/urandom of=/www/big bs=1M count=4 && httpd -p 80 -h /www")
		return c
	}
	talk := func(t *testing.T, pairs ...[2]*harness.Container) {
		t.Helper()
		for _, p := range pairs {
			whole(t, p[0], p[1], strings.SplitN(p[0].Name, "-", 2)[0])
		}
	}
	fastPath(t, l, "h1", with)
	fastPath(t, l, "h2", with)
	t1, t2, t3 := serve("h1", "tunnel", "tunnel-1"), serve("h1", "tunnel", "tunnel-2"), serve("h2", "tunnel", "tunnel-3")
	d1, d3 := serve("h1", "direct", "direct-1"), serve("h2", "direct", "direct-3")
	pairs := [][2]*harness.Container{{t1, t2}, {t1, t3}, {d3, d1}}
	talk(t, pairs...)
	t.Run("whole segments to nobody", func(t *testing.T) { segmentsToNobody(t, l, t1) })
	t.Run("without", func(t *testing.T) {
		userspaceTSO(t, l, false, without)
		talk(t, pairs...)
		talk(t, [2]*harness.Container{serve("h2", "tunnel", "tunnel-4"), t1})
	})
	t.Run("and back", func(t *testing.T) {
		userspaceTSO(t, l, true, with)
		talk(t, pairs...)
	})
	t.Run("set too late", func(t *testing.T) {
		userspaceTSO(t, l, false, without)
		l.On(t, "h1", "ovs-vsctl", "set", "Open_vSwitch", ".", "other_config:userspace-tso-enable=true")
		fastPath(t, l, "h1", "set while ovs-vswitchd ran")
		if err := l.Crash(t.Context(), "h1", "ovs-vswitchd"); err != nil {
			t.Fatal(err)
		}
		fastPath(t, l, "h1", with)
		talk(t, [2]*harness.Container{t1, t2})
	})
}

// segmentsToNobody has a container send TCP segments that nobody asked for, as
// long as they can be. They go to the controller, and must not harm the channel
// that all of the host shares.
func segmentsToNobody(t *testing.T, l *harness.Lab, c *harness.Container) {
	t.Helper()
	router := strings.Fields(c.Exec(t, "sh", "-c", "ip neigh show dev eth0 | head -1"))[2]
	const channel = "openflow channel is open"
	was := strings.Count(logOf(t, l, c.Host), channel)
	for i, length := range []string{"20000", "65400", "65450", "65460", "65480", "65500", "65520", "65535"} {
		address := fmt.Sprintf("10.61.0.%d", 200+i)
		harness.Eventually(t, "a packet to "+address+" is decided about", func() error {
			c.Exec(t, "/probe", "segment", "eth0", router, address, length)
			for _, flow := range l.Flows(t, c.Host) {
				if strings.Contains(flow, "nw_dst="+address+" actions=") && !strings.Contains(flow, "CONTROLLER") && !strings.Contains(flow, "output:") {
					return nil
				}
			}
			return fmt.Errorf("no flow drops it; it has %s bytes", length)
		})
	}
	if now := strings.Count(logOf(t, l, c.Host), channel); now != was {
		t.Errorf("the OpenFlow channel was opened %d times more", now-was)
	}
}

func logOf(t *testing.T, l *harness.Lab, host string) string {
	t.Helper()
	text, err := os.ReadFile(l.LogFile(host, "switch"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
