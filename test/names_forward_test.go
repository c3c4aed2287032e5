// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// outward is a network of Docker's own beside ours, by which containers reach
// the host and so a resolver that is not on the loopback.
const (
	outward     = "outward"
	outwardHost = "172.30.0.1"
)

// TestNamesBesideAnyResolver finds ours, and leaves all else to Docker's resolver,
// whatever the host's resolv.conf says and however a container is to search.
func TestNamesBesideAnyResolver(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "beside", "10.93.0.0/24")
	l.On(t, "h1", "docker", "network", "create", "--subnet", "172.30.0.0/24", outward)
	there := l.Run(t, "h2", "there", "--network", "beside", "--network-alias", "svc")
	newAsker(t, there).hears("there", typeA, there.Address(t, "beside"))
	for _, c := range []struct {
		what, resolvConf string
		at               string // where the resolver answers; empty: nowhere
		from             string // whom it is asked from; empty: not looked at
		options          []string
	}{
		{"public", "nameserver " + outwardHost + "\n", outwardHost, "172.30.0.", nil},
		{"public, with a search domain", "search corp.example\nnameserver " + outwardHost + "\n", outwardHost, "172.30.0.", nil},
		{"public, many dots", "nameserver " + outwardHost + "\n", outwardHost, "172.30.0.", []string{"--dns-opt", "ndots:5", "--dns-search", "corp.test"}},
		{"public, one dot", "nameserver " + outwardHost + "\n", outwardHost, "172.30.0.", []string{"--dns-opt", "ndots:1"}},
		{"loopback", "nameserver 127.0.0.2\n", "127.0.0.2", "127.0.0.1", nil},
		{"empty", "", "", "", nil},
		{"its own", "nameserver 192.0.2.1\n", outwardHost, "172.30.0.", []string{"--dns", outwardHost}},
	} {
		t.Run(c.what, func(t *testing.T) {
			resolvConf(t, l, "h1", c.resolvConf)
			var u *upstream
			if c.at != "" {
				u = newUpstream(t, l, "h1", c.at)
			}
			here := runBoth(t, l, c.options)
			from := newAsker(t, here)
			a := there.Address(t, "beside")
			from.hears("there", typeA, a)
			from.hears("svc.beside", typeA, a)
			from.hears(backwards(a), typePTR, "there.beside.")
			for _, name := range []string{"there", "there.beside", "svc"} {
				here.Prints(t, harness.Words("("+a+")"), "ping", "-c", "1", "-W", "10", name)
			}
			if u == nil {
				return
			}
			for _, name := range []string{" there.", " there.beside.", " svc.", ".in-addr.arpa."} {
				if strings.Contains(u.heard(), name+" from") {
					t.Errorf("%s left the host:\n%s", name, u.heard())
				}
			}
			unharmed(t, from, u, c.from)
		})
	}
	t.Run("internal", func(t *testing.T) { internal(t, l) })
}

// runBoth starts a container in both networks at once.
func runBoth(t *testing.T, l *harness.Lab, options []string) *harness.Container {
	t.Helper()
	c := &harness.Container{Lab: l, Host: "h1", Name: "here"}
	t.Cleanup(func() { c.Remove(t) })
	args := l.RunArgs(c.Name, append([]string{"--network", outward}, options...)...)
	args[1] = "create"
	for i, arg := range args {
		if arg == "-d" {
			args = append(args[:i], args[i+1:]...)
			break
		}
	}
	l.On(t, "h1", args...)
	l.On(t, "h1", "docker", "network", "connect", "beside", c.Name)
	l.On(t, "h1", "docker", "start", c.Name)
	return c
}

// unharmed compares what a container hears with what Docker's resolver says.
func unharmed(t *testing.T, from asker, u *upstream, source string) {
	t.Helper()
	cookie := dnsmessage.Option{Code: 10, Data: []byte("12345678")}
	for what, query := range map[string][]byte{
		"a name":             question("www.example", typeA),
		"a name of nobody":   question("nobody.test", typeA),
		"another type":       question("www.example", dnsmessage.TypeTXT),
		"with EDNS":          question("edns.example", typeA, cookie),
		"more than UDP has":  question("many.example", typeA),
		"a foreign network":  question("there.outward", typeA),
		"a foreign reverse":  question("1.2.0.192.in-addr.arpa", typePTR),
		"a name in capitals": question("WWW.Example.example", typeA),
	} {
		for _, network := range []string{"udp", "tcp"} {
			want, err := from.past().exchange(network, query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := from.exchange(network, query)
			if err != nil || !bytes.Equal(want, got) {
				t.Errorf("%s by %s: Docker's resolver says\n%x\nand the container hears\n%x %v", what, network, want, got, err)
			}
		}
	}
	if !strings.Contains(u.heard(), "udp www.example. from "+source) {
		t.Errorf("it was not asked from %s:\n%s", source, u.heard())
	}
}

// internal is a network without a way out, in which Docker's resolver cannot ask
// anybody.
func internal(t *testing.T, l *harness.Lab) {
	l.Network(t, "inner", "10.94.0.0/24", "--internal")
	resolvConf(t, l, "h1", "nameserver "+outwardHost+"\n")
	c1 := l.Run(t, "h1", "inner1", "--network", "inner")
	c2 := l.Run(t, "h2", "inner2", "--network", "inner")
	newAsker(t, c1).hears("inner2", typeA, c2.Address(t, "inner"))
	newAsker(t, c2).hears("inner1.inner", typeA, c1.Address(t, "inner"))
	harness.Eventually(t, "what is not ours fails", func() error {
		reply, err := newAsker(t, c1).exchange("udp", question("www.example", typeA))
		if err != nil || !strings.HasPrefix(said(reply), "ServerFailure") {
			return fmt.Errorf("%s %w", said(reply), err)
		}
		return nil
	})
}
