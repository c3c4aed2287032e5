// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

func TestTrackedOneWay(t *testing.T) {
	for _, to := range []view.Key{trackedKey(3), trackedKey(4)} {
		t.Run(to.Address.String(), func(t *testing.T) { inTrackedWorld(t, func(w *trackedWorld) { w.oneWay(trackedKey(2), to) }) })
	}
}

// oneWay: a may open port 443 of b and nothing else, b nothing.
func (w *trackedWorld) oneWay(a, b view.Key) {
	w.allow(a, b, decide.BlockOf(decide.ProtocolTCP, 443, 16))
	w.allow(b, a)
	c := connection{a, b, decide.ProtocolTCP, 40000, 443}
	for _, step := range []struct {
		what     string
		from, to view.Key
		sent     controltest.Sent
		want     bool
	}{
		{"opening", a, b, c.forward(packet.TCPSyn), true},
		{"answer", b, a, c.back(packet.TCPSyn | packet.TCPAck), true},
		{"data", a, b, c.forward(packet.TCPAck), true},
		{"data back", b, a, c.back(packet.TCPAck), true},
		{"another port", a, b, controltest.Sent{Protocol: decide.ProtocolTCP, Src: 40001, Dst: 80, Flags: packet.TCPSyn}, false},
		{"reverse opening from the same port", b, a, controltest.Sent{Protocol: decide.ProtocolTCP, Src: 443, Dst: 40002, Flags: packet.TCPSyn}, false},
		{"reverse opening to the same port", b, a, controltest.Sent{Protocol: decide.ProtocolTCP, Src: 40003, Dst: 443, Flags: packet.TCPSyn}, false},
		{"an answer that nobody asked for", b, a, controltest.Sent{Protocol: decide.ProtocolTCP, Src: 443, Dst: 40004, Flags: packet.TCPSyn | packet.TCPAck}, false},
		{"another protocol", a, b, controltest.Sent{Protocol: decide.ProtocolUDP, Src: 40000, Dst: 443}, false},
		{"data after all that", a, b, c.forward(packet.TCPAck), true},
		{"and back", b, a, c.back(packet.TCPAck), true},
	} {
		if got := w.arrives(step.from, step.to, step.sent); got != step.want {
			w.t.Errorf("%s: arrived %v", step.what, got)
		}
	}
	if n := w.hub.Counters().Refused.Load(); n != 0 {
		w.t.Errorf("%d messages refused", n)
	}
}

// TestTrackedReplyWithoutFlows: all flows have idled out, or the switches come back
// without any: what is still known of connections lets replies through first, too.
func TestTrackedReplyWithoutFlows(t *testing.T) {
	for _, to := range []view.Key{trackedKey(3), trackedKey(4)} {
		inTrackedWorld(t, func(w *trackedWorld) {
			a := trackedKey(2)
			w.allow(a, to, decide.BlockOf(decide.ProtocolUDP, 53, 16))
			w.allow(to, a)
			c := connection{a, to, decide.ProtocolUDP, 40000, 53}
			if !w.arrives(a, to, c.forward(0)) {
				t.Fatal("the question does not arrive")
			}
			time.Sleep(2 * trackedIdle)
			if !w.arrives(to, a, c.back(0)) {
				t.Error("the answer does not arrive")
			}
			if !w.arrives(a, to, c.forward(0)) || !w.arrives(to, a, c.back(0)) {
				t.Error("the conversation does not go on")
			}
			w.fabric.Switch(1).ForgetConnections()
			w.fabric.Switch(2).ForgetConnections()
			if w.arrives(to, a, c.back(0)) {
				t.Error("an answer to nothing arrives")
			}
		})
	}
}

// TestTrackedResume: connection tracking has forgotten all; a TCP connection that is
// allowed goes on, whoever sends first.
func TestTrackedResume(t *testing.T) {
	for _, to := range []view.Key{trackedKey(3), trackedKey(4)} {
		inTrackedWorld(t, func(w *trackedWorld) {
			a := trackedKey(2)
			w.allow(a, to, decide.BlockOf(decide.ProtocolTCP, 443, 16))
			w.allow(to, a)
			c := connection{a, to, decide.ProtocolTCP, 40000, 443}
			w.arrives(a, to, c.forward(packet.TCPSyn))
			w.arrives(to, a, c.back(packet.TCPSyn|packet.TCPAck))
			for id := linkspan.ChassisID(1); id <= 2; id++ {
				w.fabric.Switch(id).ForgetConnections()
			}
			for _, flags := range []uint8{packet.TCPSyn, packet.TCPAck} { // denied, and no hindrance
				if w.arrives(to, a, controltest.Sent{Protocol: decide.ProtocolTCP, Src: 80, Dst: 40000, Flags: flags}) {
					t.Error("what nobody may open arrives")
				}
			}
			for range 2 {
				if !w.arrives(to, a, c.back(packet.TCPAck)) {
					t.Error("what the server sends first does not arrive")
				}
			}
			if n, _ := w.known(&c); n != 0 {
				t.Error("the server's packet made the connection known")
			}
			if !w.arrives(a, to, c.forward(packet.TCPAck)) || !w.arrives(to, a, c.back(packet.TCPAck)) {
				t.Error("the connection does not go on")
			}
			if n, of := w.known(&c); n != of {
				t.Errorf("the connection is known on %d of %d chassis", n, of)
			}
			if w.hub.Counters().Resumed.Load() == 0 {
				t.Error("nothing was resumed")
			}
		})
	}
}

// TestTrackedForgets: the connections of an endpoint's zone are forgotten with it, and none
// in those of others, who may know somebody else by its address.
func TestTrackedForgets(t *testing.T) {
	inTrackedWorld(t, func(w *trackedWorld) {
		a, near, far := trackedKey(2), trackedKey(3), trackedKey(4)
		for _, pair := range [][2]view.Key{{a, near}, {a, far}, {near, far}} {
			w.allow(pair[0], pair[1], decide.ClassOf(decide.ProtocolTCP))
			c := connection{pair[0], pair[1], decide.ProtocolTCP, 40000, 80}
			w.arrives(pair[0], pair[1], c.forward(packet.TCPSyn))
			if n, of := w.known(&c); n != of {
				t.Fatalf("%v is known on %d of %d chassis", c, n, of)
			}
		}
		w.hub.Update(view.RemoveEndpoint(7, near.Address))
		synctest.Wait()
		for id := linkspan.ChassisID(1); id <= 2; id++ {
			list := w.fabric.Switch(id).Connections()
			if len(list) != 2 || slices.ContainsFunc(list, func(c string) bool { return strings.HasPrefix(c, "zone=13 ") }) {
				t.Errorf("chassis %d knows %v", id, list)
			}
		}
	})
}

// TestTrackedWithoutFlush: a switch that cannot be told to forget connections is not
// asked to, and what is revoked is cut nevertheless.
func TestTrackedWithoutFlush(t *testing.T) {
	inTrackedWorld(t, func(w *trackedWorld) {
		for id := linkspan.ChassisID(1); id <= 2; id++ {
			w.fabric.Switch(id).SetFlushes(false)
			w.fabric.Connect(w.ctx, id)
		}
		synctest.Wait()
		a, b := trackedKey(2), trackedKey(4)
		w.allow(b, a)
		c := connection{a, b, decide.ProtocolTCP, 40000, 443}
		if !w.arrives(a, b, c.forward(packet.TCPSyn)) || !w.arrives(b, a, c.back(packet.TCPSyn|packet.TCPAck)) {
			t.Fatal("no connection")
		}
		w.allow(a, b, decide.ClassOf(decide.ProtocolUDP))
		if w.arrives(a, b, c.forward(packet.TCPAck)) || w.arrives(b, a, c.back(packet.TCPAck)) {
			t.Error("what was revoked arrives")
		}
		if n := w.hub.Counters().Refused.Load(); n != 0 {
			t.Errorf("%d messages refused", n)
		}
	})
}
