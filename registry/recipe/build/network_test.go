// SPDX-License-Identifier: Apache-2.0

package build_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
)

// bridge makes a network of Docker's own, where the kernel has bridges.
func (e engine) bridge(name, subnet string) {
	e.Helper()
	if out, err := e.try("network", "create", "--subnet", subnet, name); err != nil {
		e.Skipf("no network of Docker's bridge driver: %s", out)
	}
	e.Cleanup(func() { _, _ = e.try("network", "rm", name) })
}

// write puts a text into a file of a container.
func (e engine) write(container, file, text string) {
	e.Helper()
	cmd := exec.CommandContext(e.Context(), "docker", "-H", "unix:///run/docker.sock", "exec", "-i", container, "/usr/bin/sh", "-c", "cat > "+file)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		e.Fatalf("write %s: %v: %s", file, err, out)
	}
}

// router is what one of two routers is told.
const router = `interface eth0
 ip ospf area 0
 ip ospf cost %d
 ip ospf hello-interval 1
 ip ospf dead-interval 5
exit
router ospf
 ospf router-id 10.9.0.%d
 redistribute connected
exit
router bgp 6500%d
 no bgp ebgp-requires-policy
 neighbor 10.9.0.%d remote-as 6500%d
 !
 address-family ipv4 unicast
  network 10.77.%d.0/24
 exit-address-family
exit
`

// twoRouters lets two routers find each other by OSPF and BGP, changes one setting and sees
// that they stay neighbours, and that a daemon that dies gets its settings again.
func (e engine) twoRouters() {
	e.bridge("link", "10.9.0.0/24")
	for n := 2; n <= 3; n++ {
		name := fmt.Sprint("r", n)
		m := e.start(name, "base/routing:1.0.0", "--network", "link", "--ip", fmt.Sprint("10.9.0.", n))
		e.Cleanup(func() { _, _ = e.try("rm", "-fv", name) })
		e.do("exec", name, "/usr/sbin/ip", "address", "add", fmt.Sprintf("10.77.%d.1/24", n), "dev", "lo")
		e.configure(name, 10, n)
		if n == 3 {
			e.has(name, func() (string, error) { return e.tryCall(name, m, "routing/ospf-neighbors", nil) }, `"Full`)
			e.has(name, func() (string, error) { return e.tryCall(name, m, "routing/bgp", nil) }, `"state":"Established"`)
			e.has(name, func() (string, error) {
				return e.tryCall(name, m, "routing/route", map[string]string{"address": "10.77.2.1"})
			}, `"protocol":"ospf"`)
			e.stays(name)
		}
	}
}

func (e engine) configure(name string, cost, n int) {
	e.Helper()
	e.write(name, "/etc/frr/linkspan.conf", fmt.Sprintf(router, cost, n, n, 5-n, 5-n, n))
	e.do("exec", name, "/usr/sbin/linkspan-frr", "check")
	e.do("exec", name, "/usr/sbin/linkspan-frr", "now")
}

// has waits until an answer has a text, blanks left out.
func (e engine) has(what string, answer func() (string, error), want string) {
	e.Helper()
	e.eventually(what+" has "+want, func() error {
		out, err := answer()
		if err == nil && !strings.Contains(strings.Join(strings.Fields(out), ""), want) {
			err = errors.New(out)
		}
		return err
	})
}

// stays changes a setting, and kills a daemon.
func (e engine) stays(name string) {
	running := func() (string, error) { return e.try("exec", name, "/usr/bin/vtysh", "-c", "show running-config") }
	uptime := func() string { return e.do("exec", name, "/usr/bin/vtysh", "-c", "show bgp neighbors 10.9.0.2 json") }
	established := func(text string) string {
		_, rest, _ := strings.Cut(text, `"connectionsEstablished":`)
		n, _, _ := strings.Cut(rest, ",")
		return n
	}
	before := established(uptime())
	e.configure(name, 20, 3)
	e.has(name, running, "ipospfcost20")
	if now := established(uptime()); now != before || now == "" {
		e.Errorf("sessions by BGP were established %s times before, and %s now", before, now)
	}
	e.do("exec", name, "/usr/bin/busybox", "killall", "-9", "ospfd")
	e.has(name, running, "ipospfcost20")
	e.write(name, "/etc/frr/linkspan.conf", "router nonsense\n")
	if out, err := e.try("exec", name, "/usr/sbin/linkspan-frr", "check"); err == nil {
		e.Errorf("nonsense is right: %s", out)
	}
}

// dhcp leases an address to a host, and answers a question for a name.
func (e engine) dhcp() {
	e.bridge("office", "10.8.0.0/24")
	m := e.start("server", "base/dns-dhcp:1.0.0", "--network", "office", "--ip", "10.8.0.2")
	e.Cleanup(func() { _, _ = e.try("rm", "-fv", "server", "host") })
	e.write("server", "/etc/dnsmasq.d/linkspan.conf", "nonsense=1\n")
	if out, err := e.try("exec", "server", "/usr/sbin/apply-dnsmasq", "check"); err == nil {
		e.Errorf("nonsense is right: %s", out)
	}
	e.write("server", "/etc/dnsmasq.d/linkspan.conf", "dhcp-range=set:a,10.8.0.100,10.8.0.199,255.255.255.0,3600\nhost-record=printer.example.net,10.8.0.20\n")
	e.do("exec", "server", "/usr/sbin/apply-dnsmasq", "check")
	e.do("exec", "server", "/usr/sbin/apply-dnsmasq", "now")
	e.start("host", "base/toolbox:1.0.0", "--network", "office", "--ip", "10.8.0.3")
	e.has("host", func() (string, error) {
		return e.try("exec", "host", "/usr/bin/busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", "/usr/bin/true", "-x", "hostname:desk")
	}, "10.8.0.1")
	e.has("server", func() (string, error) { return e.tryCall("server", m, "dns-dhcp/leases", nil) }, `"name":"desk"`)
	asks := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", "10.8.0.2:53")
	}}
	e.has("server", func() (string, error) {
		found, err := asks.LookupHost(e.Context(), "printer.example.net")
		return fmt.Sprint(found), err
	}, "10.8.0.20")
}
