// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// edge is a lab with two containers under one address, of two networks, on the first
// host. Who is outside to them is the second host itself.
type edge struct {
	*harness.Lab
	web, twin     *harness.Container
	host, outside *harness.Container // in the namespaces of the two hosts
	here, there   string             // the addresses of the two hosts
}

// TestGateway has containers reach what is outside of all networks, and be reached.
func TestGateway(t *testing.T) {
	w := newEdge(t)
	t.Run("answers", w.answers)
	t.Run("leads out", w.leadsOut)
	t.Run("publishes", w.publishes)
	t.Run("publishes for whom is here", w.publishesHere)
	t.Run("refuses a port that is taken", w.taken)
	t.Run("tells of errors", w.errors)
	t.Run("is not for internal networks", w.internal)
	t.Run("is under policies", w.policies)
	t.Run("is shown", w.shown)
	t.Run("outlives processes", w.deaths)
	t.Run("leaves nothing", w.leavesNothing)
}

func newEdge(t *testing.T) *edge {
	w := &edge{Lab: own(t, lab.Config{Hosts: 2})}
	w.here, w.there = underlayOf(t, w.Lab, "h1"), underlayOf(t, w.Lab, "h2")
	w.Network(t, "web", "10.70.0.0/24")
	w.Network(t, "twin", "10.70.0.0/24")
	w.web = w.Run(t, "h1", "web1", "--network", "web", "--ip", "10.70.0.9", "-p", "8000:7000", "-p", "8000:7000/udp",
		"-p", "8100-8102:6999-7001", "-p", w.here+":8001:7000", "-p", "127.0.0.1:8002:7000")
	w.twin = w.Run(t, "h1", "twin1", "--network", "twin", "--ip", "10.70.0.9", "-p", "8200:7000", "-p", "8200:7000/udp")
	w.host = w.Run(t, "h1", "host1", "--network", "host")
	w.outside = w.Run(t, "h2", "host2", "--network", "host")
	return w
}

// underlayOf returns a host's own address.
func underlayOf(t *testing.T, l *harness.Lab, host string) string {
	t.Helper()
	out := l.On(t, host, "ip", "-4", "-o", "address", "show", "dev", "eth0")
	for _, word := range strings.Fields(out) {
		if p, err := netip.ParsePrefix(word); err == nil {
			return p.Addr().String()
		}
	}
	t.Fatalf("%s has no address: %s", host, out)
	return ""
}

// answers: the gateway address answers, on every host, also with the controller away.
func (w *edge) answers(t *testing.T) {
	far := w.Run(t, "h2", "web2", "--network", "web")
	all := []*harness.Container{w.web, w.twin, far}
	for _, c := range all {
		c.Echo(t, "10.70.0.1")
	}
	if err := w.Stop(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		c.Echo(t, "10.70.0.1")
	}
	if err := w.Start(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the switches are back", func() error {
		if r := far.Ask("tcp", w.there); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	if r := far.Try("/probe", "ask", "tcp", "10.70.0.1:7000"); r.Out != hostName(t, w.outside) {
		t.Errorf("the host's own service at the gateway's address: %v", r)
	}
	if r := far.Try("/probe", "from", "udp", "10.70.0.1:7000"); !strings.HasPrefix(r.Out, "100.127.") {
		t.Errorf("the host sees %v", r)
	}
	far.Remove(t)
}

func hostName(t *testing.T, c *harness.Container) string { return c.Exec(t, "hostname") }

// leadsOut: both reach somebody outside, who sees the host's address.
func (w *edge) leadsOut(t *testing.T) {
	for _, c := range []*harness.Container{w.web, w.twin} {
		c.Echo(t, w.there)
		for _, network := range []string{"tcp", "udp"} {
			if r := c.Try("/probe", "from", network, w.there+":7000"); r.Out != w.here {
				t.Errorf("%s asks somebody outside by %s, who sees %v, want %s", c.Name, network, r, w.here)
			}
		}
	}
	w.web.Prints(t, harness.Words(" "+w.here+" "), "traceroute", "-n", "-w", "5", "-q", "1", "-m", "3", w.there)
}

// served checks who answers a container, or a host, at an address and port.
func served(t *testing.T, by *harness.Container, network, address, want string) {
	t.Helper()
	if r := by.Try("/probe", "ask", "-wait", "30s", network, address); r.Out != want {
		t.Errorf("%s of %s at %s answers %s: %v, want %s", network, by.Host, address, by.Name, r, want)
	}
}

// publishes: from outside, by TCP, UDP, a range, one address of the host; the container
// sees who asks.
func (w *edge) publishes(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		served(t, w.outside, network, w.here+":8000", "web1")
		served(t, w.outside, network, w.here+":8200", "twin1")
		if r := w.outside.Try("/probe", "from", network, w.here+":8000"); r.Out != w.there {
			t.Errorf("by %s the container sees %v, want %s", network, r, w.there)
		}
	}
	served(t, w.outside, "tcp", w.here+":8101", "web1")
	served(t, w.outside, "tcp", w.here+":8001", "web1")
	for _, address := range []string{w.here + ":8002", "10.70.0.9:7000", "100.127.0.100:7000"} {
		if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", address); r.Exit == 0 {
			t.Errorf("somebody outside reaches %s: %v", address, r)
		}
	}
}

// publishesHere: from the host itself, also by 127.0.0.1, from other containers, and
// from the container itself.
func (w *edge) publishesHere(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		served(t, w.host, network, w.here+":8000", "web1")
		served(t, w.host, network, "127.0.0.1:8000", "web1")
		served(t, w.twin, network, w.here+":8000", "web1")
		served(t, w.twin, network, "10.70.0.1:8000", "web1")
		served(t, w.web, network, w.here+":8200", "twin1")
		served(t, w.web, network, w.here+":8000", "web1")
	}
	served(t, w.host, "tcp", "127.0.0.1:8002", "web1")
	if r := w.twin.Try("/probe", "from", "tcp", w.here+":8000"); r.Out != "10.70.0.1" {
		t.Errorf("of another container it sees %v", r)
	}
	if r := w.host.Try("/probe", "ask", "-wait", "2s", "tcp", "127.0.0.1:8001"); r.Exit == 0 {
		t.Errorf("a port of one address of the host is at another: %v", r)
	}
}

// taken is refused in Docker's words, and free when its container is gone.
func (w *edge) taken(t *testing.T) {
	run := w.RunArgs("late", "--network", "web", "-p", "8000:7000")
	r := w.Try("h1", run...)
	if r.Exit == 0 || !strings.Contains(r.Err, "Bind for 0.0.0.0:8000 failed: port is already allocated") {
		t.Errorf("got %v", r)
	}
	w.On(t, "h1", "docker", "rm", "-f", "late")
	first := w.Run(t, "h1", "first", "--network", "web", "-p", "8300:7000")
	served(t, w.outside, "tcp", w.here+":8300", "first")
	first.Remove(t)
	if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", w.here+":8300"); r.Exit == 0 {
		t.Errorf("a port of a container that is gone answers: %v", r)
	}
	w.Run(t, "h1", "second", "--network", "twin", "-p", "8300:7000")
	served(t, w.outside, "tcp", w.here+":8300", "second")
}

// errors of outside come to the container, and those of a container outside: a port
// where nobody is refuses at once.
func (w *edge) errors(t *testing.T) {
	began := time.Now()
	for _, ask := range []struct {
		by      *harness.Container
		address string
	}{{w.web, w.there + ":7999"}, {w.outside, w.here + ":8100"}} {
		for _, network := range []string{"tcp", "udp"} {
			r := ask.by.Try("/probe", "from", network, ask.address)
			if network == "udp" && ask.by == w.outside {
				continue // published for TCP alone
			}
			if r.Exit == 0 || !strings.Contains(r.Err, "refused") {
				t.Errorf("%s at %s: %v", network, ask.address, r)
			}
		}
	}
	t.Log("refused after", time.Since(began))
}

// internal networks have no way out, and publish nothing.
func (w *edge) internal(t *testing.T) {
	w.Network(t, "vault", "10.71.0.0/24", "--internal")
	c := w.Run(t, "h1", "vault1", "--network", "vault", "-p", "8400:7000")
	for _, address := range []string{"10.71.0.1", w.there, w.here} {
		c.Isolated(t, address)
	}
	if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", w.here+":8400"); r.Exit == 0 {
		t.Errorf("an internal network publishes: %v", r)
	}
}

// shown: routes, the doctor, the endpoint.
func (w *edge) shown(t *testing.T) {
	w.web.Echo(t, w.there)
	if out := w.CLI(t, "route", "ls", "--network", "web", "--format", "{{.A}} {{.B}} {{.Transport}}"); !strings.Contains(out, "/") || !strings.Contains(out, "gateway") {
		t.Errorf("route ls: %s", out)
	}
	const want = "0.0.0.0:8000->7000/tcp, 0.0.0.0:8100-8102->6999-7001/tcp"
	harness.Eventually(t, "published ports are shown", func() error {
		out := w.CLI(t, "endpoint", "inspect", "h1/web1.web", "--format", `{{join .Published ", "}}`)
		if !strings.HasPrefix(out, want) || !strings.Contains(out, w.here+":8001->7000/tcp") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	if out := w.CLI(t, "network", "inspect", "web", "--format", "{{range .Attached}}{{.Container}} {{len .Published}} {{end}}"); !strings.Contains(out, "web1 5") {
		t.Errorf("network inspect: %s", out)
	}
}

// deaths: published ports and the way out are there after each program's end.
func (w *edge) deaths(t *testing.T) {
	for _, r := range []struct {
		program string
		again   func(context.Context, string, string) error
	}{{"switch", w.Crash}, {"switch", w.Restart}, {"ovs-vswitchd", w.Crash}, {"dockerd", w.Crash}, {"dockerd", w.Restart}} {
		t.Run(r.program, func(t *testing.T) {
			if err := r.again(t.Context(), "h1", r.program); err != nil {
				t.Fatal(err)
			}
			for name, ask := range map[string]struct {
				by            *harness.Container
				network, want string
				address       string
			}{
				"in by tcp":   {w.outside, "tcp", "web1", w.here + ":8000"},
				"in by udp":   {w.outside, "udp", "twin1", w.here + ":8200"},
				"out by tcp":  {w.web, "tcp", "host2", w.there + ":7000"},
				"hairpin tcp": {w.twin, "tcp", "web1", w.here + ":8000"},
			} {
				harness.Eventually(t, name, func() error {
					if r := ask.by.Try("/probe", "ask", "-wait", "2s", ask.network, ask.address); r.Out != ask.want {
						return fmt.Errorf("%v", r)
					}
					return nil
				})
			}
			if r := w.Try("h1", w.RunArgs("late", "--network", "web", "-p", "8000:7000")...); !strings.Contains(r.Err, "already allocated") {
				t.Errorf("the port is free: %v", r)
			}
			w.On(t, "h1", "docker", "rm", "-f", "late")
		})
	}
}

// leavesNothing: with the last container its ports are gone, also from the host.
func (w *edge) leavesNothing(t *testing.T) {
	w.web.Remove(t)
	w.twin.Remove(t)
	for _, port := range []string{"8000", "8200", "8101"} {
		if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", w.here+":"+port); r.Exit == 0 {
			t.Errorf("port %s answers: %v", port, r)
		}
	}
	if out := w.On(t, "h1", "nft", "list", "map", "inet", "linkspan-gateway", "ports4"); strings.Contains(out, "8000") {
		t.Errorf("left is %s", out)
	}
	if out := w.On(t, "h1", "ss", "-Hltn", "sport = :8000"); out != "" {
		t.Errorf("still held: %s", out)
	}
}
