// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// switchLab is a lab of three switches without Docker, which the tests of their
// configuration share.
var switchLab = sync.OnceValues(func() (*harness.Lab, error) {
	s, err := place()
	if err != nil {
		return nil, err
	}
	return s.Up(context.Background(), lab.Config{Hosts: 3, NoDocker: true})
})

// switches are switches that are configured by their shell.
type switches struct {
	*harness.Lab
	t       *testing.T
	changed map[string]bool // by host: its configuration goes back at the end
}

// threeSwitches returns three of which nothing but the name is configured. What the
// test configures goes with it.
func threeSwitches(t *testing.T) switches {
	t.Helper()
	harness.Need(t)
	l, err := switchLab()
	if err != nil {
		t.Fatal(err)
	}
	return bare(t, l)
}

// bare returns the hosts of a lab as switches of which nothing but the name is configured, as threeSwitches does.
func bare(t *testing.T, l *harness.Lab) switches {
	t.Helper()
	w := switches{l, t, map[string]bool{}}
	for _, host := range l.Hosts() {
		if !strings.Contains(w.shell(host, "show history"), "bare") {
			w.shell(host, "configure", "set system hostname "+host, "commit comment bare")
		}
	}
	return w
}

// goesBack has what is configured go before the devices that it is about.
func (w switches) goesBack(host string) {
	w.t.Helper()
	if w.changed[host] {
		return
	}
	w.changed[host] = true
	w.t.Cleanup(func() {
		if w.t.Failed() {
			for _, argv := range [][]string{{w.Binary, "shell", "-c", "show drift; configure; show"}, {"ovs-vsctl", "show"}, {"ip", "addr"}, {"ip", "route"}} {
				w.t.Logf("%s of %s: %v", argv, host, w.Try(host, argv...))
			}
		}
		w.shell(host, "configure", "rollback 1", "commit")
	})
}

// shell carries out commands on a switch.
func (w switches) shell(host string, commands ...string) string {
	w.t.Helper()
	return w.On(w.t, host, w.Binary, "shell", "-c", strings.Join(commands, "; "))
}

// configure makes changes on a switch, and commits them if that is not among them. It is
// called when the devices are there, as what it does goes before they do.
func (w switches) configure(host string, commands ...string) {
	w.t.Helper()
	w.goesBack(host)
	if !strings.HasPrefix(commands[len(commands)-1], "commit") {
		commands = append(commands, "commit")
	}
	w.shell(host, append([]string{"configure"}, commands...)...)
}

// cable joins a port of one switch with the port of the same name of another.
func (w switches) cable(port, one, other string) {
	w.t.Helper()
	w.Cable(w.t, one, port, other, port)
	w.t.Cleanup(func() { w.On(w.t, one, "ip", "link", "del", port) })
}

// station is a host behind a port.
type station struct {
	w          switches
	host, name string
}

// station plugs a host into a port. Addresses have the lengths of their prefixes; the
// router may be empty.
func (w switches) station(host, port, router string, addresses ...string) station {
	w.t.Helper()
	s := station{w, host, "at-" + port}
	w.On(w.t, host, "ip", "netns", "add", s.name)
	w.t.Cleanup(func() { w.On(w.t, host, "ip", "netns", "del", s.name) })
	w.On(w.t, host, "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", s.name)
	w.t.Cleanup(func() { w.On(w.t, host, "ip", "link", "del", port) })
	for _, a := range addresses {
		w.On(w.t, host, "ip", "-n", s.name, "addr", "add", a, "dev", "eth0", "nodad")
	}
	w.On(w.t, host, "ip", "-n", s.name, "link", "set", "eth0", "up")
	if router != "" {
		w.On(w.t, host, "ip", "-n", s.name, "route", "add", "default", "via", router)
	}
	return s
}

// ping sends echo requests and says how many were answered, at the most n.
func (s station) ping(n int, address string) int {
	r := s.w.Try(s.host, "ip", "netns", "exec", s.name, "ping", "-n", "-c", fmt.Sprint(n), "-i", "0.05", "-W", "2", address)
	for _, line := range strings.Split(r.Out, "\n") {
		var sent, got int
		if _, err := fmt.Sscanf(line, "%d packets transmitted, %d received", &sent, &got); err == nil {
			return got
		}
	}
	return 0
}

// reaches waits until all of some echo requests are answered.
func (s station) reaches(address string) {
	s.w.t.Helper()
	harness.Eventually(s.w.t, fmt.Sprintf("%s of %s reaches %s", s.name, s.host, address), func() error {
		if got := s.ping(3, address); got != 3 {
			return fmt.Errorf("%d of 3", got)
		}
		return nil
	})
}

// cutOff waits until nobody answers who just did: Open vSwitch may forward by what it knew for
// a moment after a commit.
func (s station) cutOff(address string) {
	s.w.t.Helper()
	harness.Eventually(s.w.t, fmt.Sprintf("%s of %s does not reach %s any more", s.name, s.host, address), func() error {
		if got := s.ping(3, address); got != 0 {
			return fmt.Errorf("%d times", got)
		}
		return nil
	})
}

// isolated checks that nobody answers where nobody ever did.
func (s station) isolated(address string) {
	s.w.t.Helper()
	if got := s.ping(3, address); got != 0 {
		s.w.t.Errorf("%s of %s reaches %s, %d times", s.name, s.host, address, got)
	}
}

// received returns how many packets the station has got.
func (s station) received() int { return s.w.received(s.host, "-n", s.name, "eth0") }

// received returns how many packets a device of a node has got; the last argument is its name.
func (w switches) received(host string, args ...string) int {
	w.t.Helper()
	var all []struct {
		Stats64 struct{ Rx struct{ Packets int } }
	}
	args = append([]string{"ip", "-s", "-j"}, append(args[:len(args)-1:len(args)-1], "link", "show", args[len(args)-1])...)
	out := w.On(w.t, host, args...)
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 {
		w.t.Fatalf("%v: %v: %s", args, err, out)
	}
	return all[0].Stats64.Rx.Packets
}
