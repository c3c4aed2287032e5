// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// edge6 is an edge whose networks have IPv6: both containers are at fd00:70::9.
type edge6 struct{ edge }

// TestGatewayIPv6 has containers reach by IPv6 what is outside of all networks, and be
// reached.
func TestGatewayIPv6(t *testing.T) {
	w := newEdge6(t)
	t.Run("answers", w.answers)
	t.Run("leads out", w.leadsOut)
	t.Run("publishes", w.publishes)
	t.Run("publishes for whom is here", w.publishesHere)
	t.Run("tells of errors", w.errors)
	t.Run("is not for internal networks", w.internal)
	t.Run("is under policies", w.policies)
	t.Run("is traced", w.traced)
	t.Run("outlives processes", w.deaths)
}

func newEdge6(t *testing.T) *edge6 {
	w := &edge6{edge{Lab: own(t, lab.Config{Hosts: 2}), here: "fd00:99::1", there: "fd00:99::2"}}
	for host, address := range map[string]string{"h1": w.here, "h2": w.there} {
		w.On(t, host, "sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0")
		w.On(t, host, "ip", "-6", "address", "add", address+"/64", "dev", "eth0", "nodad")
	}
	for _, network := range []string{"web", "twin"} {
		w.Network(t, network, "10.70.0.0/24", "--subnet", "fd00:70::/64", "--ipv6")
	}
	w.web = w.Run(t, "h1", "web1", "--network", "web", "--ip6", "fd00:70::9", "-p", "8000:7000", "-p", "8000:7000/udp",
		"-p", "8100-8102:6999-7001", "-p", "["+w.here+"]:8001:7000")
	w.twin = w.Run(t, "h1", "twin1", "--network", "twin", "--ip6", "fd00:70::9", "-p", "8200:7000", "-p", "8200:7000/udp")
	w.host = w.Run(t, "h1", "host1", "--network", "host")
	w.outside = w.Run(t, "h2", "host2", "--network", "host")
	return w
}

// answers: the gateway address answers, on every host, also with the controller away.
func (w *edge6) answers(t *testing.T) {
	far := w.Run(t, "h2", "web2", "--network", "web")
	all := []*harness.Container{w.web, w.twin, far}
	ping := func() {
		t.Helper()
		for _, c := range all {
			c.Echo(t, "fd00:70::1", "-6")
		}
	}
	ping()
	if err := w.Stop(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	ping()
	if err := w.Start(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the switches are back", func() error {
		if r := far.Ask("tcp", "["+w.there+"]"); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	if r := far.Try("/probe", "ask", "tcp", "[fd00:70::1]:7000"); r.Out != hostName(t, w.outside) {
		t.Errorf("the host's own service at the gateway's address: %v", r)
	}
	if r := far.Try("/probe", "from", "udp", "[fd00:70::1]:7000"); !strings.HasPrefix(r.Out, "fd6c:7367:7700:") {
		t.Errorf("the host sees %v", r)
	}
	far.Remove(t)
}

// leadsOut: both reach somebody outside, who sees the host's address; also by what is
// cut in fragments.
func (w *edge6) leadsOut(t *testing.T) {
	for _, c := range []*harness.Container{w.web, w.twin} {
		for _, size := range []string{"56", "4000"} {
			c.Echo(t, w.there, "-6", "-s", size) // who answers learns what size gets through
		}
		for _, network := range []string{"tcp", "udp"} {
			if r := c.Try("/probe", "from", network, net.JoinHostPort(w.there, "7000")); r.Out != w.here {
				t.Errorf("%s asks somebody outside by %s, who sees %v, want %s", c.Name, network, r, w.here)
			}
		}
	}
}

// publishes: from outside, by TCP, UDP, a range, one address of the host; the container
// sees who asks.
func (w *edge6) publishes(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		served(t, w.outside, network, net.JoinHostPort(w.here, "8000"), "web1")
		served(t, w.outside, network, net.JoinHostPort(w.here, "8200"), "twin1")
		if r := w.outside.Try("/probe", "from", network, net.JoinHostPort(w.here, "8000")); r.Out != w.there {
			t.Errorf("by %s the container sees %v, want %s", network, r, w.there)
		}
	}
	served(t, w.outside, "tcp", net.JoinHostPort(w.here, "8101"), "web1")
	served(t, w.outside, "tcp", net.JoinHostPort(w.here, "8001"), "web1")
	served(t, w.outside, "tcp", underlayOf(t, w.Lab, "h1")+":8000", "web1") // -p 8000 is of both families
	for _, address := range []string{"[fd00:70::9]:7000", "[fd6c:7367:7700::100]:7000"} {
		if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", address); r.Exit == 0 {
			t.Errorf("somebody outside reaches %s: %v", address, r)
		}
	}
}

// publishesHere: from the host itself, from other containers, and from the container
// itself.
func (w *edge6) publishesHere(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		served(t, w.host, network, net.JoinHostPort(w.here, "8000"), "web1")
		served(t, w.twin, network, net.JoinHostPort(w.here, "8000"), "web1")
		served(t, w.twin, network, "[fd00:70::1]:8000", "web1")
		served(t, w.web, network, net.JoinHostPort(w.here, "8200"), "twin1")
		served(t, w.web, network, net.JoinHostPort(w.here, "8000"), "web1")
	}
	if r := w.twin.Try("/probe", "from", "tcp", net.JoinHostPort(w.here, "8000")); r.Out != "fd00:70::1" {
		t.Errorf("of another container it sees %v", r)
	}
	if r := w.Try("h1", w.RunArgs("late", "--network", "web", "-p", "[::1]:8500:7000")...); !strings.Contains(r.Err, "cannot be published at ::1") {
		t.Errorf("a port where Linux brings nobody anything: %v", r)
	}
	w.On(t, "h1", "docker", "rm", "-f", "late")
}

// errors of outside come to the container, and those of a container outside: also those
// that say what size gets through.
func (w *edge6) errors(t *testing.T) {
	for _, ask := range []struct {
		by               *harness.Container
		network, address string
	}{{w.web, "tcp", net.JoinHostPort(w.there, "7999")}, {w.web, "udp", net.JoinHostPort(w.there, "7999")}, {w.outside, "tcp", net.JoinHostPort(w.here, "8100")}} {
		if r := ask.by.Try("/probe", "from", ask.network, ask.address); r.Exit == 0 || !strings.Contains(r.Err, "refused") {
			t.Errorf("%s at %s: %v", ask.network, ask.address, r)
		}
	}
	w.On(t, "h1", "ip", "-6", "route", "add", w.there+"/128", "dev", "eth0", "mtu", "lock", "1300")
	w.web.Echo(t, w.there, "-6", "-s", "1350") // too long: it learns what is not, and then in fragments
	w.On(t, "h1", "ip", "-6", "route", "del", w.there+"/128", "dev", "eth0")
}

// internal networks have no way out, and publish nothing.
func (w *edge6) internal(t *testing.T) {
	w.Network(t, "vault", "10.71.0.0/24", "--subnet", "fd00:71::/64", "--ipv6", "--internal")
	c := w.Run(t, "h1", "vault1", "--network", "vault", "-p", "8400:7000")
	for _, address := range []string{"fd00:71::1", w.there, w.here} {
		if r := c.Try("ping", "-6", "-c", "1", "-W", "2", address); r.Exit == 0 {
			t.Errorf("an internal network reaches %s: %v", address, r)
		}
	}
	if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", net.JoinHostPort(w.here, "8400")); r.Exit == 0 {
		t.Errorf("an internal network publishes: %v", r)
	}
	c.Remove(t)
}

// traced: a question about somebody outside has its answer.
func (w *edge6) traced(t *testing.T) {
	out := w.CLI(t, "trace", "h1/web1.web", w.there, "--proto", "tcp", "--port", "7000")
	if !strings.Contains(out, "ALLOWED") || !strings.Contains(out, "way out") {
		t.Errorf("trace out: %s", out)
	}
	if out := w.CLI(t, "trace", w.there, "h1/web1.web", "--proto", "tcp", "--port", "7000"); !strings.Contains(out, "ALLOWED") {
		t.Errorf("trace in: %s", out)
	}
	out = w.CLI(t, "endpoint", "inspect", "h1/web1.web", "--format", `{{join .Published ", "}}`)
	for _, port := range []string{"0.0.0.0:8000->7000/tcp", "[::]:8000->7000/tcp", "[" + w.here + "]:8001->7000/tcp"} {
		if !strings.Contains(out, port) {
			t.Errorf("published are %s, without %s", out, port)
		}
	}
}

// deaths: published ports and the way out are there after each program's end.
func (w *edge6) deaths(t *testing.T) {
	for _, program := range []string{"switch", "ovs-vswitchd"} {
		if err := w.Crash(t.Context(), "h1", program); err != nil {
			t.Fatal(err)
		}
		for name, ask := range map[string]struct {
			by            *harness.Container
			network, want string
			address       string
		}{
			"in by tcp":  {w.outside, "tcp", "web1", net.JoinHostPort(w.here, "8000")},
			"in by udp":  {w.outside, "udp", "twin1", net.JoinHostPort(w.here, "8200")},
			"out by tcp": {w.web, "tcp", "host2", net.JoinHostPort(w.there, "7000")},
		} {
			harness.Eventually(t, name+" after the end of "+program, func() error {
				if r := ask.by.Try("/probe", "ask", "-wait", "2s", ask.network, ask.address); r.Out != ask.want {
					return fmt.Errorf("%v", r)
				}
				return nil
			})
		}
	}
}
