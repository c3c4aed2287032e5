// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// address6 is the second address of the endpoint that has a first one.
func address6(of *linkspan.Endpoint) netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfd, 3: 7, 15: of.Address.As4()[3]})
}

// second returns the key of an endpoint's face.
func (w *world) second(name string) view.Key {
	return view.Key{Network: w.endpoints[name].Network, Address: address6(w.endpoints[name])}
}

// dual gives the network of a world IPv6, and each endpoint a second address.
func (w *world) dual() {
	w.t.Helper()
	n := *w.hub.View().Network(7)
	n.Subnet6, n.Gateway6 = netip.MustParsePrefix("fd00:7::/64"), netip.MustParseAddr("fd00:7::1")
	changes := []view.Change{view.PutNetwork(&n)}
	for name, e := range w.endpoints {
		if e.Network != n.ID {
			continue
		}
		with := *e
		with.Address6 = address6(e)
		ns := w.containers[name]
		run(w.t, "ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0", "net.ipv6.conf.eth0.accept_ra=0")
		run(w.t, "ip", "-n", ns, "-6", "addr", "add", with.Address6.String()+"/64", "dev", "eth0") // with duplicate address detection
		run(w.t, "ip", "-n", ns, "-6", "route", "add", "default", "via", n.Gateway6.String())
		changes = append(changes, view.PutEndpoint(&with),
			view.PutEndpoint(&linkspan.Endpoint{Network: n.ID, Address: with.Address6, Chassis: e.Chassis}))
	}
	w.hub.Update(changes...)
	for name, e := range w.endpoints {
		if e.Network == n.ID {
			eventually(w.t, "the address of "+name, func() bool {
				return !strings.Contains(run(w.t, "ip", "-n", w.containers[name], "-6", "addr", "show", "dev", "eth0"), "tentative")
			})
		}
	}
}

// ping6 sends one echo request to a second address, or any other.
func (w *world) ping6(from, to string, args ...string) string {
	w.t.Helper()
	if w.endpoints[to] != nil {
		to = w.second(to).Address.String()
	}
	return w.ping(from, to, append([]string{"-6"}, args...)...)
}

func (w *world) reaches6(from, to string, hops int) {
	w.t.Helper()
	w.answered(hops, func() string { return w.ping6(from, to, "-W5") })
}

// quietly6 waits until an echo goes both ways without asking.
func (w *world) quietly6(from, to string, hops int) {
	w.t.Helper()
	eventually(w.t, "an echo from "+from+" to "+to+" that asks nobody", func() bool {
		before := w.packetIns()
		w.reaches6(from, to, hops)
		return w.packetIns() == before
	})
}

// TestIPv6 has the containers of both hosts talk by their second addresses.
func TestIPv6(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dual()
	t.Run("static flows", w.testStatic)
	t.Run("nobody answers for one's own address", w.testDuplicate)
	t.Run("one host", func(*testing.T) { w.reaches6("c1", "c2", 64); w.quietly6("c2", "c1", 64) })
	t.Run("two hosts", w.testTwoHosts6)
	t.Run("traceroute", w.testTraceroute6)
	t.Run("direct", w.testDirect6)
	t.Run("neighbours", w.testNeighbours6)
	t.Run("fragments", w.testFragments6)
	t.Run("spoof", w.testSpoof6)
	t.Run("discovery between endpoints", w.testDiscovery6)
	t.Run("the address goes", w.testGone6)
	if n := w.hub.Counters().Refused.Load(); n != 0 {
		t.Errorf("the switches refused %d messages", n)
	}
}

// testDuplicate: a container finds nobody at its own address, neither when it looks
// for duplicates nor when it asks.
func (w *world) testDuplicate(t *testing.T) {
	out := run(t, "ip", "-n", w.containers["c1"], "-6", "addr", "show", "dev", "eth0")
	if strings.Contains(out, "dadfailed") || !strings.Contains(out, w.second("c1").Address.String()) {
		t.Errorf("c1 has\n%s", out)
	}
}

func (w *world) testTwoHosts6(t *testing.T) {
	w.reaches6("c1", "c3", 62)
	w.quietly6("c3", "c1", 62)
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	routes, missing := w.hub.Routes(ctx, control.Filter{Chassis: 2})
	if len(routes) != 1 || len(missing) != 0 || len(routes[0].Flows) != 4 || routes[0].A != w.second("c1").Address {
		t.Errorf("routes %+v, missing %v", routes, missing)
	}
}

// hop6 is how a host shows itself as a hop.
func hop6(id linkspan.ChassisID) string {
	return decide.Visible(&linkspan.Chassis{Underlay: netip.MustParseAddr(underlay(id))}, false).String()
}

func (w *world) testTraceroute6(*testing.T) {
	for hops, id := range map[int]linkspan.ChassisID{1: 1, 2: 2} {
		want := "From " + hop6(id) + " icmp_seq=1 Time exceeded"
		w.told(want, func() string { return w.ping6("c1", "c3", "-W5", "-t", fmt.Sprint(hops)) })
	}
	w.answered(64, func() string { return w.ping6("c1", "c2", "-W5", "-t", "1") }) // there is no hop within one host
}

func (w *world) testDirect6(t *testing.T) {
	prove := func(from, to linkspan.ChassisID) {
		w.hub.Update(view.PutPaths(&linkspan.Paths{From: from, To: []linkspan.ChassisID{to}}))
	}
	prove(1, 2)
	prove(2, 1)
	by := func(want linkspan.Transport) {
		t.Helper()
		w.goesBy(want, 62, func() string { return w.ping6("c1", "c3") })
		w.quietly6("c1", "c3", 62)
	}
	by(linkspan.Direct)
	w.answered(62, func() string { return w.ping6("c1", "c3", "-W5", "-s", "1402", "-M", "do") }) // a whole packet of 1450
	w.hub.Update(view.RemovePaths(2), view.RemovePaths(1))
	by(linkspan.Tunnel)
}

// testNeighbours6: each address of the subnet is a router's, at the router's address;
// nobody is at others.
func (w *world) testNeighbours6(t *testing.T) {
	ns := w.containers["c1"]
	for _, a := range []string{w.second("c3").Address.String(), "fd00:7::99"} {
		eventually(t, "c1 to take "+a+" for the router's", func() bool {
			w.ping6("c1", a)
			return strings.Contains(run(t, "ip", "-n", ns, "-6", "neigh", "show", a), pipeline.RouterMAC().String()+" router")
		})
	}
	run(t, "ip", "-n", ns, "-6", "route", "add", "fd00:99::/64", "dev", "eth0")
	if out := w.ping6("c1", "fd00:99::1"); !strings.Contains(out, "0 received") {
		t.Errorf("somebody outside of the subnet answers:\n%s", out)
	}
	if out, _ := try(t, "ip", "-n", ns, "-6", "neigh", "show", "fd00:99::1"); strings.Contains(out, "lladdr") {
		t.Errorf("an address outside of the subnet is somebody's: %q", out)
	}
	before := w.packetIns()
	if out := w.ping6("c1", "fe80::1%eth0"); !strings.Contains(out, "0 received") {
		t.Errorf("a link-local address answers:\n%s", out)
	}
	if n := w.packetIns() - before; n != 0 {
		t.Errorf("%d packets to a link-local address came up", n)
	}
}

// testFragments6: packets that are cut in three arrive, on one host and across hosts.
func (w *world) testFragments6(*testing.T) {
	for _, to := range []string{"c2", "c3"} {
		w.told(" 0% packet loss", func() string { return w.ping6("c1", to, "-W5", "-s", "4000") })
	}
}

// testSpoof6 sends from foreign addresses: nothing arrives, nor comes up.
func (w *world) testSpoof6(t *testing.T) {
	ns, own := w.containers["c2"], w.endpoints["c2"].MAC.String()
	w.reaches6("c2", "c3", 62)
	run(t, "ip", "-n", ns, "-6", "addr", "add", "fd00:7::50/64", "dev", "eth0", "nodad")
	to := w.second("c3").Address.String()
	for _, a := range []string{to, "fd00:7::60"} {
		run(t, "ip", "-n", ns, "-6", "neigh", "replace", a, "lladdr", pipeline.RouterMAC().String(), "dev", "eth0")
	}
	before := w.packetIns()
	for what, args := range map[string][]string{
		"whole": {to}, "to nobody": {"fd00:7::60"}, "in fragments": {"-s", "4000", to},
	} {
		if out := w.ping6("c2", args[len(args)-1], append([]string{"-I", "fd00:7::50"}, args[:len(args)-1]...)...); !strings.Contains(out, "0 received") {
			t.Errorf("a foreign address arrives, %s:\n%s", what, out)
		}
	}
	link := w.endpoints["c2"].MAC.LinkLocal().String()
	if out := w.ping6("c2", to, "-I", link+"%eth0"); !strings.Contains(out, "0 received") {
		t.Errorf("a link-local address is routed:\n%s", out)
	}
	run(t, "ip", "-n", ns, "link", "set", "eth0", "address", "02:00:00:00:00:99")
	if out := w.ping6("c2", "fd00:7::60"); !strings.Contains(out, "0 received") {
		t.Errorf("a foreign MAC address arrives:\n%s", out)
	}
	if n := w.packetIns() - before; n != 0 {
		t.Errorf("%d packets came up", n)
	}
	run(t, "ip", "-n", ns, "link", "set", "eth0", "address", own)
	run(t, "ip", "-n", ns, "-6", "addr", "del", "fd00:7::50/64", "dev", "eth0")
	for _, a := range []string{to, "fd00:7::60"} {
		_, _ = try(t, "ip", "-n", ns, "-6", "neigh", "del", a, "dev", "eth0")
	}
}

// testDiscovery6: no message of neighbour discovery gets from one endpoint to another on
// its host, where a route leads and the hop limit stays: not plain, and not behind an
// extension header.
func (w *world) testDiscovery6(t *testing.T) {
	w.quietly6("c1", "c2", 64)
	counted := func(what string) string {
		return run(t, "ip", "netns", "exec", w.containers["c2"], "grep", "-E", "^Icmp6In("+what+")", "/proc/net/snmp6")
	}
	const discovery, echoes = "RouterSolicits|RouterAdvertisements|NeighborAdvertisements|NeighborSolicits|Redirects", "Echos"
	before, echoed := counted(discovery), counted(echoes)
	for _, behind := range []bool{false, true} { // echo requests made in the same way do
		w.sendDiscovery("c1", "c2", packet.ICMPv6EchoRequest, behind)
		eventually(t, "an echo request", func() bool { return counted(echoes) != echoed })
		echoed = counted(echoes)
	}
	for _, kind := range []byte{133, 134, 135, 136, 137} {
		for _, behind := range []bool{false, true} {
			w.sendDiscovery("c1", "c2", kind, behind)
		}
	}
	w.reaches6("c1", "c2", 64) // what was sent before is there
	if now := counted(discovery); now != before {
		t.Errorf("c2 got messages of neighbour discovery:\n%s\n%s", before, now)
	}
}

// sendDiscovery sends a message of neighbour discovery from one container's address to
// another's by the router, perhaps behind a header of destination options.
func (w *world) sendDiscovery(from, to string, kind byte, behind bool) {
	w.t.Helper()
	a, b := w.endpoints[from], w.endpoints[to]
	body := make([]byte, 32)
	body[0] = kind
	target := w.second("c3").Address.As16()
	copy(body[8:24], target[:])
	body[24], body[25] = 2, 1
	copy(body[26:32], a.MAC[:])
	frame := discoveryFrame(a.MAC, address6(a), address6(b), body, behind)
	sendFrame(w.t, w.containers[from], frame)
}

// testGone6: when the second address goes, so does what rests on it, and nothing else.
func (w *world) testGone6(t *testing.T) {
	w.quietly6("c1", "c3", 62)
	w.reaches("c1", "c3", 62)
	v := w.hub.View()
	w.hub.Update(view.RemoveEndpoint(7, w.second("c3").Address))
	eventually(t, "the flows of the address going", func() bool {
		return !strings.Contains(strings.Join(w.hosts[0].flows(), "\n"), w.second("c3").Address.String())
	})
	w.told("0 received", func() string { return w.ping6("c1", "c3") }) // what is cached goes in a moment
	w.quietly("c1", "c3", 62)
	w.hub.Update(view.PutEndpoint(&linkspan.Endpoint{Network: 7, Address: w.second("c3").Address, Chassis: 2}))
	if w.hub.View().Endpoint(w.second("c3")) == nil || v.Endpoint(w.second("c3")) == nil {
		t.Fatal("c3 has no second address")
	}
	w.quietly6("c1", "c3", 62)
}

// TestIPv6IsTracked: classes of connections are let through, also in fragments, and
// revoked.
func TestIPv6IsTracked(t *testing.T) {
	t.Parallel()
	w := newRuled(t)
	w.dual()
	allow := func(from, to string, classes ...decide.Class) {
		t.Helper()
		a, b := w.second(from), w.second(to)
		w.rules.Allow(a, b, classes...)
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		defer cancel()
		if missing := w.hub.Revise(ctx, w.rules.Tell(w.hub, a, b)); len(missing) > 0 {
			t.Errorf("chassis %v were not asked", missing)
		}
	}
	for _, to := range []string{"c2", "c3"} {
		at := net.JoinHostPort(w.second(to).Address.String(), "7000")
		w.listen(to, at)
		allow("c1", to, tcp(7000), decide.BlockOf(decide.ProtocolICMPv6, 128, 16))
		allow(to, "c1")
		c, err := w.dial("c1", "tcp6", at, patience)
		if err != nil {
			t.Fatalf("to %s: %v", to, err)
		}
		_ = c.Close()
		w.told(" 0% packet loss", func() string { return w.ping6("c1", to, "-W5", "-s", "4000") })
		if out := w.ping6(to, "c1"); !strings.Contains(out, "0 received") {
			t.Errorf("%s reaches c1, which nothing allows:\n%s", to, out)
		}
		if _, err := w.dial("c1", "tcp6", net.JoinHostPort(w.second(to).Address.String(), "7001"), 2*time.Second); err == nil {
			t.Errorf("a port of %s is reached that nothing allows", to)
		}
		allow("c1", to)
		eventually(t, to+" to be out of reach", func() bool { // Open vSwitch looks at what it cached within a moment
			c, err := w.dial("c1", "tcp6", at, 2*time.Second)
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
	}
}
