// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

const (
	typeA    = dnsmessage.TypeA
	typeAAAA = dnsmessage.TypeAAAA
	typePTR  = dnsmessage.TypePTR
)

// TestNames finds containers of other hosts by name, as people and programs do.
func TestNames(t *testing.T) {
	l := shared(t)
	quick(t, l)
	l.Network(t, "town", "10.90.0.0/24")
	l.Network(t, "isle", "10.90.0.0/24") // the same addresses again
	l.Network(t, "shore", "10.95.0.0/24")
	n1 := l.Run(t, "h1", "n1", "--network", "town", "--network-alias", "api", "--network-alias", "Web.Example.Com")
	n2 := l.Run(t, "h2", "n2", "--network", "town", "--network-alias", "api")
	i2 := l.Run(t, "h2", "i2", "--network", "isle")
	a1, a2 := n1.Address(t, "town"), n2.Address(t, "town")
	from1, from2 := newAsker(t, n1), newAsker(t, n2)
	t.Run("names", func(t *testing.T) {
		from2.t, from1.t = t, t
		from2.hears("n1", typeA, a1)
		from1.hears("n2", typeA, a2)
		from1.hears("n1", typeA, a1)
		from2.hears("n1.town", typeA, a1)
		from2.hears("N1.Town", typeA, a1)
		from2.hears("api", typeA, a1, a2)
		from1.hears("api.town", typeA, a1, a2)
		from2.hears("web.example.com", typeA, a1)
		from2.hears("n1", typeAAAA)
		from2.hears("n1", dnsmessage.TypeMX)
		from2.hears(l.On(t, "h1", "docker", "inspect", "-f", "{{printf \"%.12s\" .Id}}", "n1"), typeA, a1)
		from2.hears(backwards(a1), typePTR, "n1.town.")
		from1.hears(backwards(a1), typePTR, "n1.town.")
	})
	t.Run("programs", func(t *testing.T) { programs(t, n2, a1) })
	t.Run("other networks", func(t *testing.T) {
		isle := newAsker(t, i2)
		isle.hears("i2", typeA, i2.Address(t, "isle"))
		isle.hears(backwards(i2.Address(t, "isle")), typePTR, "i2.isle.")
		for _, name := range []string{"n1", "n1.town", "api"} {
			if reply, err := isle.exchange("udp", question(name, typeA)); err == nil && strings.Contains(said(reply), "10.90.") {
				t.Errorf("%s is found from another network: %s", name, said(reply))
			}
		}
		s1 := l.Run(t, "h1", "s1", "--network", "shore")
		l.On(t, "h2", "docker", "network", "connect", "--alias", "bridgehead", "shore", "i2")
		isle.hears("s1", typeA, s1.Address(t, "shore"))
		isle.hears("i2", typeA, i2.Address(t, "isle"), i2.Address(t, "shore"))
		isle.hears("i2.isle", typeA, i2.Address(t, "isle"))
		newAsker(t, s1).hears("bridgehead", typeA, i2.Address(t, "shore"))
		l.On(t, "h2", "docker", "network", "disconnect", "shore", "i2")
		isle.hears("i2", typeA, i2.Address(t, "isle"))
		isle.answers("s1", typeA, "NameError")
	})
	t.Run("changes", func(t *testing.T) { changes(t, l, from1) })
	t.Run("the command line", func(t *testing.T) { ambiguous(t, l) })
}

// programs looks names up with what is in the container.
func programs(t *testing.T, c *harness.Container, n1 string) {
	for _, name := range []string{"n1", "n1.town", "web.example.com"} {
		c.Prints(t, harness.Words("PING "+name+" ("+n1+")", "1 packets received"), "ping", "-c", "1", "-W", "10", name)
	}
	if out := c.Exec(t, "nslookup", n1); !strings.Contains(out, "name = n1.town") {
		t.Errorf("nslookup %s: %s", n1, out)
	}
	if out := c.Exec(t, "cat", "/etc/resolv.conf"); !strings.Contains(out, "nameserver 127.0.0.11") {
		t.Errorf("the container's resolv.conf was changed: %s", out)
	}
}

// changes follows a name: one more bearer, another name, one less.
func changes(t *testing.T, l *harness.Lab, from asker) {
	from.t = t
	one := l.Run(t, "h1", "twice", "--network", "town")
	// A host name is an alias of Docker's, which a new name does not change.
	two := l.Run(t, "h2", "twice", "--network", "town", "--hostname", "second")
	b1, b2 := one.Address(t, "town"), two.Address(t, "town")
	from.hears("twice", typeA, b1, b2)
	l.On(t, "h2", "docker", "rename", "twice", "once")
	two.Name = "once"
	from.hears("twice", typeA, b1)
	from.hears("once", typeA, b2)
	from.hears("second", typeA, b2)
	l.On(t, "h2", "docker", "stop", "-t", "0", "once")
	start := time.Now()
	harness.Eventually(t, "a name that is gone is not answered", func() error {
		reply, err := from.exchange("udp", question("once", typeA))
		if err == nil && strings.Contains(said(reply), b2) {
			return fmt.Errorf("%s", said(reply))
		}
		return nil
	})
	t.Logf("a stopped container's name was gone after %v", time.Since(start).Round(time.Millisecond))
	l.On(t, "h2", "docker", "start", "once")
	from.hears("once", typeA, two.Address(t, "town"))
	newAsker(t, two).hears("twice", typeA, b1)
}

// ambiguous names an endpoint on the command line.
func ambiguous(t *testing.T, l *harness.Lab) {
	l.Run(t, "h1", "same", "--network", "town")
	l.Run(t, "h2", "same", "--network", "town")
	harness.Eventually(t, "both endpoints are named", func() error {
		r := l.TryCLI("endpoint", "inspect", "same")
		if r.Exit != 1 || !strings.Contains(r.Err, "h1/same.town") || !strings.Contains(r.Err, "h2/same.town") {
			return fmt.Errorf("an ambiguous name: %v", r)
		}
		return nil
	})
	for _, name := range []string{"h2/same", "h2/same.town"} {
		if r := l.TryCLI("endpoint", "inspect", name); r.Exit != 0 || !strings.Contains(r.Out, "same") {
			t.Errorf("endpoint inspect %s: %v", name, r)
		}
	}
	if r := l.TryCLI("endpoint", "inspect", "n1.town"); r.Exit != 0 {
		t.Errorf("endpoint inspect n1.town: %v", r)
	}
}

// TestNamesFromTheFirstQuestion asks with the first thing a container does.
func TestNamesFromTheFirstQuestion(t *testing.T) {
	l := shared(t)
	quick(t, l)
	l.Network(t, "first", "10.91.0.0/24")
	there := l.Run(t, "h2", "there", "--network", "first")
	newAsker(t, there).hears("there", typeA, there.Address(t, "first"))
	for range 10 {
		r := l.Try("h1", "docker", "run", "--rm", "--network", "first", "busybox", "nslookup", "-type=a", "there")
		if r.Exit != 0 || !strings.Contains(r.Out, there.Address(t, "first")) {
			t.Errorf("%v", r)
		}
	}
}

// TestNamesOutliveThePrograms asks while one program after the other is away.
func TestNamesOutliveThePrograms(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	quick(t, l)
	l.Network(t, "hard", "10.92.0.0/24")
	c1 := l.Run(t, "h1", "hard1", "--network", "hard")
	c2 := l.Run(t, "h2", "hard2", "--network", "hard")
	from, a1, a2 := newAsker(t, c1), c1.Address(t, "hard"), c2.Address(t, "hard")
	known := func() {
		t.Helper()
		from.hears("hard2", typeA, a2)
		from.hears("hard2.hard", typeA, a2)
		from.hears(backwards(a2), typePTR, "hard2.hard.")
	}
	known()
	for _, away := range []struct{ node, program string }{{"controller", "controller"}, {"h1", "dockerd"}, {"h2", "switch"}} {
		if err := l.Stop(t.Context(), away.node, away.program); err != nil {
			t.Fatal(err)
		}
		known()
		if err := l.Start(t.Context(), away.node, away.program); err != nil {
			t.Fatal(err)
		}
		known()
	}
	// Without our switch Docker's own resolver answers, as if we had never been.
	if err := l.Stop(t.Context(), "h1", "switch"); err != nil {
		t.Fatal(err)
	}
	from.hears("hard1", typeA, a1)
	if err := l.Start(t.Context(), "h1", "switch"); err != nil {
		t.Fatal(err)
	}
	from.hears("hard2", typeA, a2)
	for _, program := range []string{"switch", "dockerd"} {
		if err := l.Crash(t.Context(), "h1", program); err != nil {
			t.Fatal(err)
		}
		from.hears("hard2", typeA, a2)
	}
	c3 := l.Run(t, "h1", "hard3", "--network", "hard")
	newAsker(t, c3).hears("hard2", typeA, a2)
	newAsker(t, c2).hears("hard3", typeA, c3.Address(t, "hard"))
}

func backwards(address string) string {
	p := strings.Split(address, ".")
	return p[3] + "." + p[2] + "." + p[1] + "." + p[0] + ".in-addr.arpa"
}
