// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// world is two hosts, c1 and c2 on the first, c3 on the second.
type world struct {
	t          testing.TB
	hub        *control.Hub
	hosts      [2]*host
	endpoints  map[string]*linkspan.Endpoint
	containers map[string]string
	sessions   sync.WaitGroup
	ctx        context.Context
}

const idle = 6 * time.Second

func newWorld(t *testing.T) *world { return newWorldOf(t, control.Config{}) }

func newWorldOf(t testing.TB, cfg control.Config) *world {
	require(t)
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	w := &world{
		t: t, ctx: ctx, containers: map[string]string{}, hub: control.New(cfg),
		endpoints: map[string]*linkspan.Endpoint{
			"c1": at(2, 1, 11), "c2": at(3, 1, 12), "c3": at(4, 2, 11),
		},
	}
	t.Cleanup(func() { cancel(); w.sessions.Wait() })
	w.hub.Update(view.PutNetwork(&linkspan.Network{
		ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: idle,
	}))
	w.hosts[0], w.hosts[1] = newHost(t, 1), newHost(t, 2)
	w.join()
	for name, e := range w.endpoints {
		w.containers[name] = w.hosts[e.Chassis-1].container(name, e)
		w.hub.Update(view.PutEndpoint(e))
	}
	for _, h := range w.hosts {
		w.hub.Update(view.PutChassis(&linkspan.Chassis{ID: h.id, Name: fmt.Sprint("h", h.id), Underlay: netip.MustParseAddr(underlay(h.id))}))
		w.connect(h)
	}
	return w
}

func at(last byte, on linkspan.ChassisID, port uint32) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: 7, Address: netip.AddrFrom4([4]byte{10, 7, 0, last}), Chassis: on, Port: port,
		MAC: linkspan.MAC{2, 0, 10, 7, 0, last},
	}
}

func underlay(id linkspan.ChassisID) string { return fmt.Sprint("192.0.2.", id) }

// join makes underlay and tunnel.
func (w *world) join() {
	a, b := w.hosts[0], w.hosts[1]
	run(w.t, "ip", "-n", a.ns, "link", "add", "up0", "type", "veth", "peer", "name", "up0", "netns", b.ns)
	for _, h := range w.hosts {
		run(w.t, "ip", "-n", h.ns, "addr", "add", underlay(h.id)+"/24", "dev", "up0")
		run(w.t, "ip", "-n", h.ns, "link", "set", "up0", "up")
	}
	a.tunnel(underlay(1), map[linkspan.ChassisID]string{2: underlay(2)})
	b.tunnel(underlay(2), map[linkspan.ChassisID]string{1: underlay(1)})
	a.direct()
	b.direct()
}

// connect begins a session and waits until it is ready.
func (w *world) connect(h *host) {
	w.t.Helper()
	conn := h.dial()
	failed := make(chan error, 1)
	w.sessions.Go(func() { failed <- w.hub.Accept(w.ctx, conn, control.Peer{Chassis: h.id, Remote: "mgmt"}) })
	eventually(w.t, "the session", func() bool {
		select {
		case err := <-failed:
			w.t.Fatalf("session of chassis %d: %v", h.id, err)
		default:
		}
		info, _ := w.hub.Connected(h.id)
		return info.Ready
	})
}

// ping sends one echo request and returns ping's output.
func (w *world) ping(from, to string, args ...string) string {
	w.t.Helper()
	target := to
	if e := w.endpoints[to]; e != nil {
		target = e.Address.String()
	}
	command := append([]string{"ip", "netns", "exec", w.containers[from], "ping", "-n", "-c1", "-W1"}, args...)
	out, _ := try(w.t, append(command, target)...)
	return out
}

func (w *world) reaches(from, to string, ttl int) {
	w.t.Helper()
	w.answered(ttl, func() string { return w.ping(from, to, "-W5") })
}

// answered waits until an echo is answered, as one may be lost on a busy machine; the first answer
// must have the hop limit.
func (w *world) answered(ttl int, ping func() string) {
	w.t.Helper()
	if out := w.told(" bytes from ", ping); !strings.Contains(out, fmt.Sprintf("ttl=%d ", ttl)) {
		w.t.Errorf("want an answer with ttl=%d:\n%s", ttl, out)
	}
}

// told waits until a ping says something, and returns all that it said.
func (w *world) told(want string, ping func() string) (out string) {
	w.t.Helper()
	defer func() {
		if !strings.Contains(out, want) {
			w.t.Log(out)
		}
	}()
	eventually(w.t, fmt.Sprintf("%q of a ping", want), func() bool {
		out = ping()
		return strings.Contains(out, want)
	})
	return out
}

// quietly waits until an echo goes both ways without asking. That need not be
// the second one: for a moment after a flow came, the datapath's cache may
// still send up what it did before.
func (w *world) quietly(from, to string, ttl int) {
	w.t.Helper()
	eventually(w.t, "an echo from "+from+" to "+to+" that asks nobody", func() bool {
		before := w.packetIns()
		w.reaches(from, to, ttl)
		return w.packetIns() == before
	})
}

func (w *world) packetIns() uint64 { return w.hub.Counters().PacketIns.Load() }

// static says whether a host has just the flows of the View, as it has when
// nobody talks.
func (w *world) static(h *host) string {
	var want []string
	set := pipeline.Static(w.hub.View(), h.id)
	have := h.flows()
	want = append(want, fmt.Sprint(len(set.Flows), " flows"))
	return cmp.Diff(want, []string{fmt.Sprint(len(have), " flows")})
}

func TestLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("idle hosts have the static flows only", w.testStatic)
	t.Run("one host", w.testOneHost)
	t.Run("two hosts", w.testTwoHosts)
	t.Run("traceroute", w.testTraceroute)
	t.Run("direct", w.testDirect)
	t.Run("neighbours", w.testNeighbours)
	t.Run("spoof", w.testSpoof)
	t.Run("reconnect", w.testReconnect)
	t.Run("idle", w.testIdle)
	t.Run("switch restarted", w.testRestart)
	t.Run("removed", w.testRemoved)
	if n := w.hub.Counters().Refused.Load(); n != 0 {
		t.Errorf("the switches refused %d messages", n)
	}
}

func (w *world) testStatic(t *testing.T) {
	for _, h := range w.hosts {
		if diff := w.static(h); diff != "" {
			t.Errorf("host %d: %s\n%s", h.id, diff, strings.Join(h.flows(), "\n"))
		}
	}
}

func (w *world) testOneHost(*testing.T) {
	w.reaches("c1", "c2", 64)
	w.quietly("c1", "c2", 64)
	w.quietly("c2", "c1", 64)
}

func (w *world) testTwoHosts(t *testing.T) {
	w.reaches("c1", "c3", 62)
	w.quietly("c3", "c1", 62)
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	routes, missing := w.hub.Routes(ctx, control.Filter{Chassis: 2})
	if len(routes) != 1 || len(missing) != 0 || len(routes[0].Flows) != 4 || routes[0].Transport != linkspan.Tunnel {
		t.Errorf("routes %+v, missing %v", routes, missing)
	}
}

func (w *world) testTraceroute(*testing.T) {
	for ttl, hop := range []string{1: underlay(1), 2: underlay(2)} {
		if hop == "" {
			continue
		}
		want := "From " + hop + " icmp_seq=1 Time to live exceeded"
		w.told(want, func() string { return w.ping("c1", "c3", "-W5", "-t", fmt.Sprint(ttl)) })
	}
	w.answered(62, func() string { return w.ping("c1", "c3", "-W5", "-t", "3") })
	w.answered(64, func() string { return w.ping("c1", "c2", "-W5", "-t", "1") }) // there is no hop within one host
}

// goesBy waits until echoes between two hosts have an answer, by a route of a transport. For a
// moment after flows were deleted the datapath's cache may send packets by them, also to
// where nobody takes them any more.
func (w *world) goesBy(want linkspan.Transport, ttl int, ping func() string) {
	w.t.Helper()
	eventually(w.t, fmt.Sprint("a route that is ", want), func() bool {
		if !strings.Contains(ping(), fmt.Sprintf("ttl=%d ", ttl)) {
			return false
		}
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		defer cancel()
		routes, _ := w.hub.Routes(ctx, control.Filter{Chassis: 2})
		return len(routes) == 1 && routes[0].Transport == want && len(routes[0].Flows) == 4
	})
}

// testDirect has both hosts prove the direct path: the route moves there, and
// back when one proof falls. Nothing arrives that comes from a stranger.
func (w *world) testDirect(t *testing.T) {
	prove := func(from, to linkspan.ChassisID) {
		w.hub.Update(view.PutPaths(&linkspan.Paths{From: from, To: []linkspan.ChassisID{to}}))
	}
	by := func(want linkspan.Transport) {
		t.Helper()
		w.goesBy(want, 62, func() string { return w.ping("c1", "c3") })
		w.quietly("c1", "c3", 62)
	}
	by(linkspan.Tunnel)
	prove(1, 2)
	prove(2, 1)
	by(linkspan.Direct)
	for ttl, hop := range map[int]string{1: underlay(1), 2: underlay(2)} {
		w.told("From "+hop+" ", func() string { return w.ping("c1", "c3", "-W5", "-t", fmt.Sprint(ttl)) })
	}
	w.answered(62, func() string { return w.ping("c1", "c3", "-W5", "-s", "1422", "-M", "do") }) // a whole packet of 1450
	before := w.packetIns()
	w.stranger(t)
	if n := w.packetIns() - before; n != 0 {
		t.Errorf("%d packets of a stranger came up", n)
	}
	w.hub.Update(view.RemovePaths(2))
	by(linkspan.Tunnel)
	w.hub.Update(view.RemovePaths(1))
}

// stranger sends from the first host what the second must not take: a packet of
// c1's in a frame of a chassis that is nobody's peer.
func (w *world) stranger(t *testing.T) {
	ns := w.hosts[0].ns
	run(t, "ip", "-n", ns, "link", "add", "odd0", "link", "up0", "address", linkspan.ChassisID(9).DirectMAC().String(), "type", "macvlan", "mode", "private")
	run(t, "ip", "-n", ns, "addr", "add", "10.7.0.2/32", "dev", "odd0")
	run(t, "ip", "-n", ns, "link", "set", "odd0", "up")
	run(t, "ip", "-n", ns, "route", "add", "10.7.0.0/24", "dev", "odd0")
	run(t, "ip", "-n", ns, "neigh", "replace", "10.7.0.4", "lladdr", linkspan.ChassisID(2).DirectMAC().String(), "dev", "odd0")
	out, _ := try(t, "ip", "netns", "exec", ns, "ping", "-n", "-c1", "-W1", "10.7.0.4")
	if !strings.Contains(out, "0 received") {
		t.Errorf("a stranger's packet is answered:\n%s", out)
	}
	run(t, "ip", "-n", ns, "link", "del", "odd0")
}

func (w *world) testNeighbours(t *testing.T) {
	out := run(t, "ip", "-n", w.containers["c1"], "neigh", "show", "10.7.0.4")
	if !strings.Contains(out, pipeline.RouterMAC().String()) {
		t.Errorf("c1 takes c3 for %q", out)
	}
}

// testSpoof sends from a foreign address and from a foreign MAC address:
// neither arrives, nor comes up.
func (w *world) testSpoof(t *testing.T) {
	ns, own := w.containers["c2"], w.endpoints["c2"].MAC.String()
	w.reaches("c2", "c3", 62)
	run(t, "ip", "-n", ns, "addr", "add", "10.7.0.50/24", "dev", "eth0")
	run(t, "ip", "-n", ns, "neigh", "replace", "10.7.0.4", "lladdr", pipeline.RouterMAC().String(), "dev", "eth0")
	run(t, "ip", "-n", ns, "neigh", "replace", "10.7.0.60", "lladdr", pipeline.RouterMAC().String(), "dev", "eth0")
	before := w.packetIns()
	if out := w.ping("c2", "c3", "-I", "10.7.0.50"); !strings.Contains(out, "0 received") {
		t.Errorf("a foreign address arrives:\n%s", out)
	}
	if out := w.ping("c2", "10.7.0.60", "-I", "10.7.0.50"); !strings.Contains(out, "0 received") {
		t.Errorf("a foreign address arrives:\n%s", out)
	}
	run(t, "ip", "-n", ns, "link", "set", "eth0", "address", "02:00:00:00:00:99")
	if out := w.ping("c2", "10.7.0.60"); !strings.Contains(out, "0 received") {
		t.Errorf("a foreign MAC address arrives:\n%s", out)
	}
	if n := w.packetIns() - before; n != 0 {
		t.Errorf("%d packets came up", n)
	}
	run(t, "ip", "-n", ns, "link", "set", "eth0", "address", own)
	run(t, "ip", "-n", ns, "addr", "del", "10.7.0.50/24", "dev", "eth0")
}

// testReconnect ends the session and begins another: the routes stay, with
// their cookies, and are used without asking.
func (w *world) testReconnect(t *testing.T) {
	h := w.hosts[0]
	w.quietly("c1", "c3", 62)
	w.quietly("c1", "c2", 64)
	before, asked := routesOf(h, "c1", w), w.packetIns()
	w.hub.Disconnect(1, "to see what stays")
	eventually(t, "the end of the session", func() bool { _, ok := w.hub.Connected(1); return !ok })
	w.reaches("c1", "c3", 62)
	w.connect(h)
	if diff := cmp.Diff(before, routesOf(h, "c1", w)); diff != "" || len(before) != 4 {
		t.Errorf("%d routes' flows before, not the same after: %s", len(before), diff)
	}
	w.reaches("c1", "c3", 62)
	w.reaches("c1", "c2", 64)
	if n := w.packetIns() - asked; n != 0 {
		t.Errorf("%d packets came up", n)
	}
}

// routeFlows returns the flows of routes, with their cookies, in order.
func routeFlows(h *host) []string {
	flows := slices.DeleteFunc(h.flows(), func(f string) bool {
		return !strings.Contains(f, "cookie=0x21") && !strings.Contains(f, "cookie=0x23") && !strings.Contains(f, "cookie=0x25")
	})
	slices.Sort(flows)
	return flows
}

// routesOf returns the flows of an endpoint's routes.
func routesOf(h *host, name string, w *world) []string {
	address := "=" + w.endpoints[name].Address.String()
	return slices.DeleteFunc(routeFlows(h), func(f string) bool {
		return !strings.Contains(f, address+",") && !strings.Contains(f, address+" ")
	})
}

// testIdle waits until the routes are gone, and plugs again.
func (w *world) testIdle(t *testing.T) {
	eventually(t, "idle routes to go", func() bool { return w.static(w.hosts[0]) == "" && w.static(w.hosts[1]) == "" })
	w.reaches("c3", "c2", 62)
}

// testRestart kills the switch of c3: it comes back without flows, gets the
// static ones, and what c1 still sends plugs the route again there.
func (w *world) testRestart(t *testing.T) {
	w.reaches("c1", "c3", 62)
	w.hosts[1].restart()
	eventually(t, "the end of the session", func() bool { _, ok := w.hub.Connected(2); return !ok })
	w.connect(w.hosts[1])
	eventually(t, "an answer", func() bool { return strings.Contains(w.ping("c1", "c3"), "ttl=62 ") })
}

// testRemoved removes an endpoint: its flows go at once.
func (w *world) testRemoved(t *testing.T) {
	w.reaches("c1", "c3", 62)
	w.hub.Update(view.RemoveEndpoint(7, w.endpoints["c3"].Address))
	eventually(t, "the routes to go", func() bool { return len(routeFlows(w.hosts[0])) == 0 && len(routeFlows(w.hosts[1])) == 0 })
	eventually(t, "what is sent to c3 to be denied", func() bool { // and not sent by what is cached
		return strings.Contains(w.ping("c1", "c3"), "0 received") && w.hub.Counters().Denied.Load() > 0
	})
}
