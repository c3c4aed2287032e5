// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/test/harness"
)

func TestContainersReachEachOther(t *testing.T) {
	l := shared(t)
	l.Network(t, "reach", "10.20.0.0/24")
	c1 := l.Run(t, "h1", "reach1", "--network", "reach")
	c2 := l.Run(t, "h2", "reach2", "--network", "reach")
	c3 := l.Run(t, "h1", "reach3", "--network", "reach")
	t.Run("across hosts", func(t *testing.T) {
		talkBoth(t, c1, c2)
		h1, h2 := l.Address("h1").String(), l.Address("h2").String()
		checkHops(t, c1, c2, h1, h2, c2.Address(t, "reach"))
		checkHops(t, c2, c1, h2, h1, c1.Address(t, "reach"))
	})
	t.Run("on one host", func(t *testing.T) {
		talkBoth(t, c1, c3)
		checkHops(t, c1, c3, c3.Address(t, "reach"))
	})
	t.Run("the web server of busybox", func(t *testing.T) { fetch(t, c1, c2, c3) })
}

func talkBoth(t *testing.T, a, b *harness.Container) {
	t.Helper()
	for _, pair := range [][2]*harness.Container{{a, b}, {b, a}} {
		ping(t, pair[0], pair[1].Address(t, "reach"))
		pair[0].Reaches(t, pair[1], "reach")
	}
}

// ping checks that the very first packet arrives: it is carried to the
// controller and back, never dropped.
func ping(t *testing.T, c *harness.Container, address string) {
	t.Helper()
	out := c.Exec(t, "ping", "-c", "3", "-i", "0.2", "-W", "30", address)
	if !strings.Contains(out, "3 packets transmitted, 3 packets received") {
		t.Errorf("%s of %s pings %s:\n%s", c.Name, c.Host, address, out)
	}
}

var hop = regexp.MustCompile(`(?m)^ *\d+ +([0-9.]+|\*)`)

// checkHops checks what traceroute shows, by UDP and by ICMP.
func checkHops(t *testing.T, from, to *harness.Container, want ...string) {
	t.Helper()
	address := to.Address(t, "reach")
	for _, way := range [][]string{{"-n"}, {"-n", "-I"}} {
		from.Prints(t, func(out string) error {
			var got []string
			for _, m := range hop.FindAllStringSubmatch(out, -1) {
				got = append(got, m[1])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("(-want +got):\n%s", diff)
			}
			return nil
		}, append(append([]string{"traceroute"}, way...), "-w", "5", "-q", "1", address)...)
	}
}

func fetch(t *testing.T, server *harness.Container, clients ...*harness.Container) {
	t.Helper()
	// As large as to need many full packets: the MTU must fit on all ways.
	server.Exec(t, "sh", "-c", "mkdir /www && dd if=/dev/urandom of=/www/big bs=1M count=4 && httpd -p 80 -h /www")
	sum := func(c *harness.Container, command string) string {
		out, _, _ := strings.Cut(c.Exec(t, "sh", "-c", command), " ")
		return out
	}
	want := sum(server, "sha256sum /www/big")
	for _, c := range clients {
		if got := sum(c, "wget -q -O - http://"+server.Address(t, "reach")+"/big | sha256sum"); got != want {
			t.Errorf("%s of %s fetched %s, want %s", c.Name, c.Host, got, want)
		}
	}
}

func TestMTU(t *testing.T) {
	l := shared(t)
	l.Network(t, "fit", "10.21.0.0/24")
	l.Network(t, "small", "10.22.0.0/24", "--mtu", "1280")
	c1 := l.Run(t, "h1", "fit1", "--network", "fit")
	c2 := l.Run(t, "h2", "fit2", "--network", "fit")
	small := l.Run(t, "h2", "small2", "--network", "small")
	if got := c1.Exec(t, "cat", "/sys/class/net/eth0/mtu"); got != "1450" {
		t.Errorf("a container's MTU is %s; 1500 less 50 of VXLAN is 1450", got)
	}
	if got := small.Exec(t, "cat", "/sys/class/net/eth0/mtu"); got != "1280" {
		t.Errorf("MTU is %s, asked for 1280", got)
	}
	// 1450 less 28 of IP and ICMP fills a packet exactly.
	c1.Echo(t, c2.Address(t, "fit"), "-s", "1422")
}
