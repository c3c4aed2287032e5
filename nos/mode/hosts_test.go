// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"net/netip"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

func seen(mac byte, device string) sighting {
	return sighting{place{10, netip.MustParseAddr("10.7.0.2")}, linkspan.MAC{2, mac}, device}
}

func TestSightings(t *testing.T) {
	now := time.Unix(1000, 0)
	h := newHosts(3 * time.Second)
	for i, c := range []struct {
		s    sighting
		want news
	}{
		{seen(1, "eth1"), appeared}, {seen(1, "eth1"), known}, {seen(1, "eth2"), moved}, {seen(1, "eth2"), known},
		{seen(2, "eth2"), disputed}, {seen(2, "eth3"), disputed},
	} {
		if _, what := h.see(c.s, now.Add(time.Duration(i)*time.Millisecond)); what != c.want {
			t.Errorf("%d: %v, want %v", i, what, c.want)
		}
	}
	if s := h.list()[0]; s.device != "eth2" || s.rival.device != "eth3" || !s.stale {
		t.Errorf("%+v", s)
	}
}

// TestHostsBehindAPortAreBounded: one port takes the places of no other.
func TestHostsBehindAPortAreBounded(t *testing.T) {
	base, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	c := tree.New(base)
	for _, words := range [][]string{{"ports", "eth1", "vlan", "10"}, {"ports", "eth2", "max-hosts", "3"}, {"ports", "eth3", "mode", "trunk"}} {
		if c, err = c.Set(words...); err != nil {
			t.Fatal(err)
		}
	}
	k, w := New(Options{}), newWish(c)
	a := netip.MustParseAddr("10.7.0.1")
	for name, most := range map[string]int{"eth1": accessHosts, "eth2": 3, "eth3": 200} {
		for i := range most {
			if a = a.Next(); !k.room(w.of(name)) {
				t.Fatalf("%s has room for %d", name, i)
			}
			k.hosts.see(sighting{place{10, a}, linkspan.MAC{2}, name}, time.Unix(1000, 0))
		}
		if k.room(w.of(name)) != (name == "eth3") {
			t.Errorf("%s, behind which are %d", name, most)
		}
	}
}

// TestWhoAnswersKeepsItsAddress plays a dispute: the holder is asked each second.
func TestWhoAnswersKeepsItsAddress(t *testing.T) {
	now := time.Unix(1000, 0)
	h := newHosts(3 * time.Second)
	holder, _ := h.see(seen(1, "eth1"), now)
	for range 20 { // both speak
		now = now.Add(time.Second)
		h.see(seen(2, "eth2"), now)
		holder.asked = now
		h.see(seen(1, "eth1"), now.Add(time.Millisecond))
		if gone := h.settle(now.Add(2 * time.Millisecond)); len(gone) > 0 {
			t.Fatal("it was there")
		}
	}
	for i := range 10 { // one speaks
		now = now.Add(time.Second)
		h.see(seen(2, "eth2"), now)
		holder.asked = now
		if gone := h.settle(now.Add(time.Millisecond)); len(gone) > 0 {
			if i < 2 {
				t.Error("it had no time to answer")
			}
			return
		}
	}
	t.Error("the address is nobody's who is there")
}

func TestASilentHostIsForgotten(t *testing.T) {
	now := time.Unix(1000, 0)
	h := newHosts(3 * time.Second)
	h.see(seen(1, "eth1"), now)
	if gone := h.forget(now.Add(forget), forget); len(gone) != 0 {
		t.Error("too early")
	}
	if gone := h.forget(now.Add(forget+1), forget); len(gone) != 1 || len(h.all) != 0 {
		t.Error("it is still known")
	}
}

func TestLostControllers(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	falls, stays := policy{true, 30 * time.Second}, policy{}
	for _, c := range []struct {
		p                 policy
		fallen, connected bool
		since, now        int
		want              bool
	}{
		{falls, false, true, 0, 100, false}, {falls, false, false, 0, 29, false}, {falls, false, false, 0, 30, true},
		{falls, true, false, 0, 100, true}, {falls, true, true, 0, 29, true}, {falls, true, true, 0, 30, false},
		{stays, false, false, 0, 1000, false}, {stays, true, true, 0, 0, false}, {stays, true, false, 0, 0, true},
	} {
		if got := c.p.next(c.fallen, c.connected, at(c.since), at(c.now)); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
