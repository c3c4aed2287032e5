// SPDX-License-Identifier: Apache-2.0

package crowd

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestRefusalsComeBackWithTime(t *testing.T) {
	now := time.Now()
	r := NewRefusals(now)
	take := func(source, n int) (written int) {
		for range n {
			if r.Take(netip.AddrFrom4([4]byte{192, 0, 2, byte(source)}), now) { //nolint:gosec // less than 256
				written++
			}
		}
		return written
	}
	if got := take(0, 10); got != RefusalsOf {
		t.Errorf("%d of one source", got)
	}
	all := RefusalsOf
	for source := range 20 {
		all += take(source+1, 10)
	}
	if all != RefusalsWhole || r.Told() != fmt.Sprintf("%d more logins were refused", 210-RefusalsWhole) || r.Told() != "" {
		t.Errorf("%d of all sources", all)
	}
	now = now.Add(2 * RefusalsReturn)
	if got := take(0, 10) + take(99, 10); got != 2 {
		t.Errorf("%d more after two intervals", got)
	}
	now = now.Add(1000 * RefusalsReturn)
	if got := take(0, 10); got != RefusalsOf || len(r.sources) != 1 {
		t.Errorf("%d of one source after a long time, %d sources", got, len(r.sources))
	}
}

func TestPlaces(t *testing.T) {
	p := NewPlaces()
	ended := 0
	come := func(a string) *Stranger { return p.Come(netip.MustParseAddr(a), func() { ended++ }) }
	for i := range MaxStrangers {
		if come(fmt.Sprintf("2001:db8:0:%x::1", i)) == nil {
			t.Fatal("no place")
		}
	}
	for i := range MaxOfSource {
		if come(fmt.Sprintf("2001:db8:1:1::%x", i)) == nil {
			t.Error("no place of the oldest")
		}
	}
	if come("2001:db8:1:1::ffff") != nil || ended != MaxOfSource || len(p.strangers) != MaxStrangers {
		t.Errorf("%d have ended, %d are there", ended, len(p.strangers))
	}
	for _, s := range p.strangers {
		defer p.Gone(s)
	}
	entered := 0
	for i := range 100 {
		for range 100 {
			if p.Enter(fmt.Sprint("user", i)) {
				entered++
			}
		}
	}
	if want := MaxUsers + 100 - MaxUsers/MaxOfUser; entered != want || p.users["user0"] != MaxOfUser || p.users["user99"] != 1 {
		t.Errorf("%d have entered, not %d", entered, want)
	}
	p.Leave("user99")
	if !p.Enter("user99") || p.Enter("user99") {
		t.Error("a user has not one place")
	}
}
