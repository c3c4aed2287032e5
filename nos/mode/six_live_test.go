// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// six gives hosts addresses of IPv6: fd07::2 to a, and on.
func (w *world) six(hosts ...string) {
	w.t.Helper()
	for i, name := range hosts {
		w.in(name, "ip", "addr", "add", fmt.Sprintf("fd07::%d/64", 2+i), "dev", name+"0", "nodad")
	}
}

// reaches6 waits until one host has an answer from another at its address of IPv6.
func (w *world) reaches6(from, to string) {
	w.t.Helper()
	ovstest.Eventually(w.t, from+" reaches "+to, func() bool {
		_, err := w.try(from, "ping", "-6", "-n", "-c1", "-W2", to)
		return err == nil
	})
}

// known6 waits until hosts are in the fabric with addresses of IPv6.
func (w *world) known6(hosts int) {
	w.t.Helper()
	ovstest.Eventually(w.t, "hosts are known with IPv6", func() bool {
		n := 0
		for _, e := range w.fabric.Endpoints() {
			if e.Port != 0 && e.Address6.IsValid() {
				n++
			}
		}
		return n >= hosts
	})
}

func TestHostsHaveAddressesOfIPv6(t *testing.T) {
	w := newWorld(t)
	w.six("a", "b", "c")
	must(t, w.configure(vlan10()...))
	w.reaches("a", 3)
	w.reaches6("a", "fd07::3")
	w.known6(2)
	must(t, w.configure("set control mode sdn"))
	before := w.hub.Counters().PacketIns.Load()
	w.reaches6("a", "fd07::3")
	w.reaches6("c", "fd07::2") // which nobody has heard of yet
	if w.hub.Counters().PacketIns.Load() == before {
		t.Error("the controller was not asked")
	}
	must(t, w.configure("set control mode traditional"))
	w.reaches6("b", "fd07::2")
	w.reaches6("a", "fd07::4")
	must(t, w.configure("set control mode hybrid", "set ports a control sdn"))
	w.reaches6("a", "fd07::3")
	w.reaches6("b", "fd07::2")
}

func TestASilentHostOfIPv6IsAskedFor(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode sdn")...))
	w.reaches("a", 3)
	w.six("a", "b")
	w.reaches6("a", "fd07::3")
}

func TestContainersAndHostsReachEachOtherByIPv6(t *testing.T) {
	w := newWorld(t)
	w.container("k", 20)
	w.six("a", "b")
	must(t, w.configure(vlan10()...))
	w.reaches("a", 3)
	w.reaches6("a", "fd07::20")
	must(t, w.configure("set control mode sdn"))
	w.reaches6("a", "fd07::20")
	w.reaches6("k", "fd07::2")
	must(t, w.configure("set control mode traditional"))
	w.reaches6("a", "fd07::20")
	w.reaches6("k", "fd07::2")
}

func TestChangesLoseNothingOfIPv6(t *testing.T) {
	w := newWorld(t)
	w.six("a", "b")
	must(t, w.configure(vlan10()...))
	w.reaches("a", 3)
	w.reaches6("a", "fd07::3")
	w.known6(2)
	w.prefer()
	begun := time.Now()
	ping := func(do func()) (sent, lost uint64) {
		all := w.pings("a", netip.MustParseAddr("fd07::3"))
		do()
		sent, came := all.end()
		return sent, w.missing("pings", sent, came)
	}
	sent, lost := ping(func() {
		for i := range 6 {
			must(t, w.configure("set control mode "+[]string{"sdn", "traditional"}[i%2]))
		}
	})
	if t.Logf("%d of %d pings lost", lost, sent); lost == 0 {
		return
	}
	took := time.Since(begun)
	if rested, without := ping(func() { time.Sleep(took) }); lost > without {
		t.Errorf("lost %d of %d with changes, %d of %d without", lost, sent, without, rested)
	}
}
