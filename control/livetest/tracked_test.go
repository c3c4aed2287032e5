// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/ovs/restore"
)

func TestTracked(t *testing.T) {
	t.Parallel()
	w := newRuled(t)
	for _, to := range []string{"c2", "c3"} {
		w.run(t, "tcp one way to "+to, func(t *testing.T) { w.testOneWay(t, to) })
		w.run(t, "ports in blocks to "+to, func(t *testing.T) { w.testBlocks(t, to) })
		w.run(t, "udp to "+to, func(t *testing.T) { w.testUDP(t, to) })
		w.run(t, "icmp to "+to, func(t *testing.T) { w.testICMP(t, to) })
		w.run(t, "fragments to "+to, func(t *testing.T) { w.testFragments(t, to) })
		w.run(t, "errors about connections to "+to, func(t *testing.T) { w.testErrors(t, to) })
		w.run(t, "idle to "+to, func(t *testing.T) { w.testIdleConnection(t, to) })
		w.run(t, "revoked to "+to, func(t *testing.T) { w.testRevoked(t, to) })
		w.run(t, "hops to "+to, func(*testing.T) { w.testHops(to) })
	}
	w.run(t, "reconnect", w.testTrackedReconnect)
	w.run(t, "overlapping addresses", w.testOverlap)
	w.run(t, "switch restarted", w.testTrackedRestart)
	w.run(t, "endpoint removed", w.testZone)
	if n := w.hub.Counters().Refused.Load(); n != 0 {
		t.Errorf("the switches refused %d messages", n)
	}
	if n := w.hub.Counters().Malformed.Load(); n != 0 {
		t.Errorf("%d packets could not be read", n)
	}
}

func (w *ruled) testOneWay(t *testing.T, to string) {
	w.allow("c1", to, tcp(443))
	w.allow(to, "c1")
	w.listen("c1", ":443")
	w.listen("c1", ":444")
	w.listen(to, ":444")
	s := w.stream("c1", to, "443", false)
	w.quietStream(t, s)
	if w.opens("c1", w.at(to, "444"), shortly) {
		t.Error("another port opens")
	}
	if w.opens(to, w.at("c1", "443"), shortly) || w.opens(to, w.at("c1", "444"), shortly) {
		t.Error("the reverse opens")
	}
	s.flows(t, "the stream after all that")
	back := w.stream("c1", to, "443", true)
	w.quietStream(t, back)
	_ = s.conn.Close()
	_ = back.conn.Close()
}

func (w *ruled) testBlocks(t *testing.T, to string) {
	w.allow("c1", to, decide.Blocks(decide.ProtocolTCP, 5001, 5010)...)
	w.allow(to, "c1")
	for port, want := range map[int]bool{5000: false, 5001: true, 5005: true, 5010: true, 5011: false} {
		w.listen(to, fmt.Sprint(":", port))
		if got := w.opens("c1", w.at(to, fmt.Sprint(port)), map[bool]time.Duration{true: patience, false: shortly}[want]); got != want {
			t.Errorf("port %d opens: %v", port, got)
		}
	}
}

func (w *ruled) testUDP(t *testing.T, to string) {
	w.allow("c1", to, udp(5300))
	w.allow(to, "c1")
	w.echo(to, ":5300")
	w.echo(to, ":5301")
	w.echo("c1", ":5300")
	for range 2 {
		if !w.asks("c1", w.at(to, "5300"), 10, patience) {
			t.Error("no answer")
		}
	}
	if w.asks("c1", w.at(to, "5301"), 10, shortly) {
		t.Error("another port answers")
	}
	if w.asks(to, w.at("c1", "5300"), 10, shortly) {
		t.Error("the reverse is answered")
	}
}

func (w *ruled) testICMP(t *testing.T, to string) {
	w.allow("c1", to, decide.BlockOf(decide.ProtocolICMP, 8, 16))
	w.allow(to, "c1", tcp(80))
	for range 2 {
		w.told("1 received", func() string { return w.ping("c1", to, "-W5") })
	}
	if out := w.ping(to, "c1"); !strings.Contains(out, "0 received") {
		t.Errorf("the reverse is answered:\n%s", out)
	}
}

// testFragments: fragments have no ports, and are of the class of their packet.
func (w *ruled) testFragments(t *testing.T, to string) {
	w.allow("c1", to, udp(5400))
	w.allow(to, "c1")
	w.echo(to, ":5400")
	w.echo(to, ":5401")
	for range 3 {
		if !w.asks("c1", w.at(to, "5400"), 4000, patience) {
			t.Error("a datagram in fragments is not answered")
		}
	}
	if w.asks("c1", w.at(to, "5401"), 4000, shortly) {
		t.Error("a datagram in fragments to another port is answered")
	}
}

// testErrors: an ICMP error is of the connection that it is about.
func (w *ruled) testErrors(t *testing.T, to string) {
	w.allow("c1", to, udp(5500))
	w.allow(to, "c1")
	c, err := w.dial("c1", "udp4", w.at(to, "5500"), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	eventually(t, "a closed port to be told", func() bool {
		_, sent := c.Write([]byte("is anybody there?")) // which may be told of the one before
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, err := c.Read(make([]byte, 10))
		return errors.Is(errors.Join(sent, err), syscall.ECONNREFUSED)
	})
}

// testIdleConnection: the flows go, the connection stays, and either end may be the
// first to speak again.
func (w *ruled) testIdleConnection(t *testing.T, to string) {
	w.allow("c1", to, tcp(5600))
	w.allow(to, "c1")
	l := w.listen(to, ":5600")
	c, err := w.dial("c1", "tcp4", w.at(to, "5600"), patience)
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	for _, ends := range [][2]net.Conn{{far, c}, {c, far}} {
		eventually(t, "the flows to go", func() bool { return len(routesOf(w.hosts[0], "c1", w.world)) == 0 })
		if err := says(ends[0], ends[1]); err != nil {
			t.Errorf("after a rest: %v", err)
		}
	}
}

func says(from, to net.Conn) error {
	if _, err := from.Write([]byte("again")); err != nil {
		return err
	}
	_ = to.SetReadDeadline(time.Now().Add(patience))
	_, err := to.Read(make([]byte, 10))
	return err
}

// testRevoked: a stream whose class falls stops at once and is forgotten; one of
// another class between the same two loses nothing.
func (w *ruled) testRevoked(t *testing.T, to string) {
	w.allow("c1", to, tcp(5700), tcp(5701))
	w.allow(to, "c1")
	for _, against := range []bool{false, true} {
		cut, kept := w.stream("c1", to, "5700", against), w.stream("c1", to, "5701", against)
		cut.flows(t, "the stream to be cut")
		kept.flows(t, "the stream to be kept")
		begun := time.Now()
		w.allow("c1", to, tcp(5701))
		took := time.Since(begun)
		after := cut.stands(t, begun)
		t.Logf("revised in %v, the last byte came after %v", took, after)
		kept.flows(t, "the kept stream")
		for _, h := range w.hosts {
			eventually(t, fmt.Sprintf("host %d to forget", h.id), func() bool {
				return !strings.Contains(h.connections(), "dport=5700") && !slices.ContainsFunc(h.flows(), func(f string) bool {
					return strings.Contains(f, "ct_tp_dst=5700") && strings.Contains(f, "output:")
				})
			})
		}
		w.allow("c1", to, tcp(5700), tcp(5701))
		cut.flows(t, "the stream that is allowed again")
		_ = cut.conn.Close()
		_ = kept.conn.Close()
		<-kept.ended
		eventually(t, "all bytes to arrive", func() bool { return kept.received.Load() >= kept.sent.Load() })
	}
}

// testHops: tracked or not, each chassis is a hop, and one host has none.
func (w *ruled) testHops(to string) {
	w.allow("c1", to, decide.ClassOf(decide.ProtocolICMP))
	w.allow(to, "c1")
	ttl := 64
	if w.endpoints[to].Chassis != 1 {
		ttl = 62
		for n, hop := range map[int]string{1: underlay(1), 2: underlay(2)} {
			w.told("From "+hop+" icmp_seq=1 Time to live exceeded", func() string { return w.ping("c1", to, "-W5", "-t", fmt.Sprint(n)) })
		}
	}
	w.reaches("c1", to, ttl)
}

// testTrackedReconnect: flows of tracked pairs stay over a new session.
func (w *ruled) testTrackedReconnect(t *testing.T) {
	w.allow("c1", "c3", tcp(5800))
	w.allow("c3", "c1")
	s := w.stream("c1", "c3", "5800", false)
	w.quietStream(t, s)
	tracked := func() []string {
		return slices.DeleteFunc(routesOf(w.hosts[0], "c1", w.world), func(f string) bool { return !strings.Contains(f, "ct") })
	}
	before := tracked()
	w.hub.Disconnect(1, "to see what stays")
	eventually(t, "the end of the session", func() bool { _, ok := w.hub.Connected(1); return !ok })
	w.connect(w.hosts[0])
	if after := tracked(); !slices.Equal(before, after) || len(before) != 5 {
		t.Errorf("flows before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	w.quietStream(t, s)
	_ = s.conn.Close()
}

// testOverlap: two networks with the same addresses on the same hosts, at once: what
// one allows the other does not.
func (w *ruled) testOverlap(t *testing.T) {
	w.allow("c1", "c3", tcp(5900))
	w.allow("c3", "c1")
	w.allow("d1", "d3", tcp(5901))
	w.allow("d3", "d1")
	for _, name := range []string{"c3", "d3"} {
		for _, port := range []string{":5902", ":5903"} {
			w.listen(name, port)
		}
	}
	c, d := w.stream("c1", "c3", "5900", false), w.stream("d1", "d3", "5901", true)
	w.listen("c3", ":5901")
	w.listen("d3", ":5900")
	if w.opens("c1", w.at("c3", "5901"), shortly) || w.opens("d1", w.at("d3", "5900"), shortly) {
		t.Error("one network has the other's permissions")
	}
	c.flows(t, "the first network's")
	d.flows(t, "the second network's")
	w.allow("c1", "c3", tcp(5902))
	c.stands(t, time.Now())
	d.flows(t, "the second network's")
	_ = c.conn.Close()
	_ = d.conn.Close()
}

// testTrackedRestart kills a switch, with the connections that it knows; its flows are
// put back as the switch process does. Streams go on in both directions.
func (w *ruled) testTrackedRestart(t *testing.T) {
	w.allow("c1", "c3", tcp(6000), tcp(6001))
	w.allow("c3", "c1")
	there, back := w.stream("c1", "c3", "6000", false), w.stream("c1", "c3", "6001", true)
	for _, h := range w.hosts {
		keeper := restore.New(restore.Config{Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", h.channel())
		}})
		ctx, cancel := context.WithCancel(w.ctx)
		w.sessions.Go(func() { _ = keeper.Run(ctx) })
		eventually(t, "a copy of the flows", func() bool { return keeper.Stats().Watching && keeper.Stats().Flows > 0 })
		there.flows(t, "the stream")
		h.restart()
		eventually(t, "the end of the session", func() bool { _, ok := w.hub.Connected(h.id); return !ok })
		eventually(t, "the flows to be put back", func() bool { return keeper.Stats().Restored > 0 })
		there.flows(t, fmt.Sprint("the stream after a restart of ", h.id, ", without a controller"))
		w.connect(h)
		connected := time.Now()
		back.flows(t, fmt.Sprint("the stream against the opening after a restart of ", h.id))
		t.Logf("host %d: the stream against the opening flows %v after the controller is back", h.id, time.Since(connected))
		cancel()
	}
	t.Logf("%d packets resumed", w.hub.Counters().Resumed.Load())
	_ = there.conn.Close()
	_ = back.conn.Close()
}

// testZone: with an endpoint go the connections that are known of it.
func (w *ruled) testZone(t *testing.T) {
	w.allow("c1", "c3", tcp(6100))
	w.allow("c1", "c2", tcp(6100))
	s, near := w.stream("c1", "c3", "6100", false), w.stream("c1", "c2", "6100", false)
	s.flows(t, "a stream")
	near.flows(t, "a stream within the host")
	for _, h := range w.hosts {
		if !strings.Contains(h.connections(), "dport=6100") {
			t.Errorf("host %d knows %s", h.id, h.connections())
		}
	}
	// Another network has the same addresses: by zone alone.
	w.hub.Update(view.RemoveEndpoint(7, w.endpoints["c1"].Address))
	eventually(t, "the zone to be empty", func() bool { return !strings.Contains(w.hosts[0].connections(), "dport=6100") })
	w.hub.Update(view.RemoveEndpoint(7, w.endpoints["c3"].Address))
	eventually(t, "the other zone to be empty", func() bool { return !strings.Contains(w.hosts[1].connections(), "dport=6100") })
}
