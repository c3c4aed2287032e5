// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// strictSwitch is what a switch of a cloud does: frames from an address that it did
// not give out are dropped.
const strictSwitch = `add table netdev strict; add chain netdev strict in { type filter hook ingress device eth0 priority 0; };
	add rule netdev strict in ether saddr & ff:ff:ff:00:00:00 == 06:6c:73:00:00:00 drop`

// goesBy waits until packets of a network go by a transport between all its
// hosts; "none" when they do not.
func goesBy(t *testing.T, l *harness.Lab, network, want string) {
	t.Helper()
	harness.Eventually(t, "network "+network+" goes by "+want, func() error {
		var all []struct {
			Ways []struct {
				Transport, Reason string
				Pairs             []string
			}
		}
		if err := json.Unmarshal([]byte(l.CLI(t, "network", "inspect", network)), &all); err != nil {
			return err
		}
		n := all[0]
		if len(n.Ways) != 1 || n.Ways[0].Transport != want || len(n.Ways[0].Pairs) != 1 {
			return fmt.Errorf("%+v", n.Ways)
		}
		return nil
	})
}

// routeBy waits until the one route of a network, which has just been used, goes by a
// transport: for less than the time after which another one goes by itself.
func routeBy(t *testing.T, l *harness.Lab, network, want string) {
	t.Helper()
	harness.Within(t, linkspan.DefaultIdle/2, "one route by "+want, func() error {
		if list := routes(t, l, network); len(list) != 1 || list[0].Transport != want {
			return fmt.Errorf("there are %+v", list)
		}
		return nil
	})
}

// TestDirect has two hosts in one layer 2 use it, lose it and find it again.
func TestDirect(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "near", "10.60.0.0/24")
	c1 := l.Run(t, "h1", "near1", "--network", "near")
	c2 := l.Run(t, "h2", "near2", "--network", "near")
	goesBy(t, l, "near", "direct")
	reach := func(t *testing.T, by string) {
		t.Helper()
		c1.Reaches(t, c2, "near")
		c2.Reaches(t, c1, "near")
		routeBy(t, l, "near", by)
	}
	reach(t, "direct")
	t.Run("whole packets", func(t *testing.T) {
		c1.Echo(t, c2.Address(t, "near"), "-s", "1422")
		c1.Exec(t, "sh", "-c", "mkdir /www && dd if=/dev/urandom of=/www/big bs=1M count=4 && httpd -p 80 -h /www")
		want := c1.Exec(t, "sha256sum", "/www/big")
		if got := c2.Exec(t, "sh", "-c", "wget -q -O - http://"+c1.Address(t, "near")+"/big | sha256sum"); strings.Fields(got)[0] != strings.Fields(want)[0] {
			t.Errorf("fetched %s, want %s", got, want)
		}
	})
	t.Run("links are set down", func(t *testing.T) {
		for _, link := range []string{"lsvx", "lsdx"} {
			l.On(t, "h2", "ip", "link", "set", link, "down")
			harness.Eventually(t, link+" is up again", func() error {
				if state := l.On(t, "h2", "ip", "-o", "link", "show", link, "up"); state == "" {
					return errors.New("it is down")
				}
				return nil
			})
		}
		c1.Echo(t, c2.Address(t, "near"))
		goesBy(t, l, "near", "direct")
	})
	t.Run("ovs-vswitchd dies, the host does not", func(t *testing.T) {
		if err := l.Crash(t.Context(), "h2", "ovs-vswitchd"); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "the host is there", func() error {
			return succeeded(l.Try("h1", "ping", "-c", "1", "-W", "5", l.Address("h2").String()))
		})
		c1.Echo(t, c2.Address(t, "near"))
		reach(t, "direct")
	})
	t.Run("the switch process dies, the path does not", func(t *testing.T) {
		lost := 0
		for try := range harness.Tries { // a machine that is busy elsewhere may lose it once
			if lost = switchDies(t, l, c1, c2.Address(t, "near")); lost == 0 {
				break
			}
			t.Logf("try %d: %d losses of a path", try, lost)
		}
		if lost > 0 {
			t.Errorf("%d losses of a path, as each time", lost)
		}
		goesBy(t, l, "near", "direct")
		reach(t, "direct")
	})
	t.Run("a network that overlaps", func(t *testing.T) {
		l.CLI(t, "network", "create", "--subnet", "10.60.0.0/16", "wide")
		goesBy(t, l, "near", "tunnel")
		reach(t, "tunnel")
		l.CLI(t, "network", "rm", "wide")
		goesBy(t, l, "near", "direct")
		reach(t, "direct")
	})
	t.Run("foreign addresses are dropped on the way", func(t *testing.T) {
		l.On(t, "h2", "nft", strictSwitch)
		goesBy(t, l, "near", "tunnel")
		reach(t, "tunnel")
		if lostPaths(t, l) == 0 {
			t.Error("no event tells of the lost path")
		}
		l.On(t, "h2", "nft", "delete", "table", "netdev", "strict")
		goesBy(t, l, "near", "direct")
		reach(t, "direct")
	})
	t.Run("a network that must be direct", func(t *testing.T) { mustBeDirect(t, l) })
}

// switchDies has the switch process of h2 die under pings, and returns how often a path was
// lost in that time.
func switchDies(t *testing.T, l *harness.Lab, from *harness.Container, address string) int {
	t.Helper()
	before := lostPaths(t, l)
	if err := l.Crash(t.Context(), "h2", "switch"); err != nil {
		t.Fatal(err)
	}
	for range 8 { // a second each: longer than a path without answers lasts
		from.Echo(t, address)
		time.Sleep(time.Second)
	}
	return lostPaths(t, l) - before
}

func lostPaths(t *testing.T, l *harness.Lab) int {
	t.Helper()
	return strings.Count(l.CLI(t, "event", "ls", "-o", "json"), "path.lost")
}

// mustBeDirect checks that such a network has whole packets, and that without a
// path there is a refusal and not the tunnel.
func mustBeDirect(t *testing.T, l *harness.Lab) {
	l.Network(t, "big", "10.61.0.0/24", "--transport", "direct")
	c1 := l.Run(t, "h1", "big1", "--network", "big")
	c2 := l.Run(t, "h2", "big2", "--network", "big")
	for _, c := range []*harness.Container{c1, c2} {
		if got := c.Exec(t, "cat", "/sys/class/net/eth0/mtu"); got != "1500" {
			t.Errorf("MTU is %s; the underlay carries 1500", got)
		}
	}
	goesBy(t, l, "big", "direct")
	c1.Echo(t, c2.Address(t, "big"), "-s", "1472")
	c1.Reaches(t, c2, "big")
	routeBy(t, l, "big", "direct")
	l.On(t, "h2", "nft", strictSwitch)
	goesBy(t, l, "big", "none")
	w := l.WatchRoutes(t)
	c1.CutOff(t, c2.Address(t, "big"))
	w.Await(t, "the refusal has its reason", func(p harness.Plug) bool {
		return p.Kind == "denied" && p.To == c2.Address(t, "big") && strings.Contains(p.Reason, "no direct path")
	})
	l.On(t, "h2", "nft", "delete", "table", "netdev", "strict")
	goesBy(t, l, "big", "direct")
	c1.Reaches(t, c2, "big")
}

// TestWithoutDirect has hosts that are told not to.
func TestWithoutDirect(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2, SwitchArgs: []string{"--direct", "off"}})
	l.Network(t, "far", "10.62.0.0/24")
	c1 := l.Run(t, "h1", "far1", "--network", "far")
	c2 := l.Run(t, "h2", "far2", "--network", "far")
	c1.Reaches(t, c2, "far")
	routeBy(t, l, "far", "tunnel")
	goesBy(t, l, "far", "tunnel")
	if r := l.Try("h1", "ip", "link", "show", "lsdx"); r.Exit == 0 {
		t.Errorf("the link is there: %v", r)
	}
	if out := l.On(t, "h1", l.Binary, "doctor"); !strings.Contains(out, "off, as --direct says") {
		t.Errorf("doctor does not say so:\n%s", out)
	}
}

// TestSites has two hosts in two sites.
func TestSites(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.CLI(t, "site", "move", "h2", "ber")
	l.Network(t, "wan", "10.63.0.0/24", "--idle", "60s")
	c1 := l.Run(t, "h1", "wan1", "--network", "wan")
	c2 := l.Run(t, "h2", "wan2", "--network", "wan")
	refuses := func(t *testing.T) {
		t.Helper()
		w := l.WatchRoutes(t)
		c1.CutOff(t, c2.Address(t, "wan"))
		w.Await(t, "the refusal has its reason", func(p harness.Plug) bool {
			return p.Kind == "denied" && strings.Contains(p.Reason, "different sites")
		})
		goesBy(t, l, "wan", "none")
	}
	t.Run("refused", func(t *testing.T) {
		refuses(t)
		hint := "linkspan site allow-clear ber default"
		if r := l.TryCLI("route", "ls"); r.Exit != 0 || !strings.Contains(r.Err, hint) {
			t.Errorf("route ls does not say why: %v", r)
		}
		if r := l.Try("h1", l.Binary, "doctor"); !strings.Contains(r.Out, hint) {
			t.Errorf("the switch's doctor does not say why: %v", r)
		}
		if r := l.TryCLI("doctor"); !strings.Contains(r.Out, hint) {
			t.Errorf("the controller's doctor does not say why: %v", r)
		}
		if out := l.CLI(t, "event", "ls", "-o", "json"); !strings.Contains(out, "site.refused") {
			t.Errorf("no event: %s", out)
		}
		if out := l.CLI(t, "site", "ls"); !slices.Contains(strings.Fields(out), "ber") {
			t.Errorf("site ls: %s", out)
		}
	})
	t.Run("only an administrator allows it", func(t *testing.T) {
		if r := l.Try("h1", l.Binary, "site", "allow-clear", "default", "ber"); r.Exit != 1 {
			t.Errorf("a switch may: %v", r)
		}
		if r := l.TryCLI("site", "allow-clear", "default", "mars"); r.Exit != 1 {
			t.Errorf("a site that does not exist: %v", r)
		}
		c1.Isolated(t, c2.Address(t, "wan"))
		goesBy(t, l, "wan", "none")
	})
	t.Run("allowed", func(t *testing.T) {
		l.CLI(t, "site", "allow-clear", "default", "ber")
		goesBy(t, l, "wan", "tunnel")
		c1.Reaches(t, c2, "wan")
		routeBy(t, l, "wan", "tunnel")
	})
	t.Run("forbidden again, at once", func(t *testing.T) {
		l.CLI(t, "site", "forbid-clear", "default", "ber")
		unplugged(t, l, "wan")
		refuses(t)
	})
	t.Run("in one site", func(t *testing.T) {
		l.CLI(t, "site", "move", "h2", "default")
		goesBy(t, l, "wan", "direct")
		c1.Reaches(t, c2, "wan")
	})
}
