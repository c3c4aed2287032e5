// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func to(last ...byte) (list []netip.Addr) {
	for _, b := range last {
		list = append(list, netip.AddrFrom4([4]byte{10, 7, 0, b}))
	}
	return list
}

// denials are that many packets each to the destinations.
func denials(packets uint64, last ...byte) map[netip.Addr]uint64 {
	m := make(map[netip.Addr]uint64)
	for _, a := range to(last...) {
		m[a] = packets
	}
	return m
}

func times(n int, s sample) (list []sample) {
	for range n {
		list = append(list, s)
	}
	return list
}

func then(parts ...[]sample) (list []sample) {
	for _, p := range parts {
		list = append(list, p...)
	}
	return list
}

// Each sample is of a second.
func TestJudge(t *testing.T) {
	some, all := Limit{Destinations: to(9)}, Limit{All: true}
	flood := sample{vain: 50000, denied: denials(50000, 9)}
	behind := sample{vain: 200, passed: 200, held: 49800, denied: denials(200, 9)}
	for _, c := range []struct {
		name string
		from Limit
		see  []sample
		want Limit
	}{
		{"nothing", Limit{}, times(5, sample{}), Limit{}},
		{"much, and routed", Limit{}, times(5, sample{vain: beginRate - 1}), Limit{}},
		{"once is not enough", Limit{}, times(1, flood), Limit{}},
		{"nor is now and then", Limit{}, then(times(1, flood), times(1, sample{}), times(1, flood)), Limit{}},
		{"a denied destination", Limit{}, times(2, flood), some},
		{"denied ones of another port too", Limit{}, times(2, sample{vain: 3000, denied: denials(3000, 7, 9)}), Limit{Destinations: to(7, 9)}},
		{"nearly all is denied", Limit{}, times(2, sample{vain: 50000, denied: denials(40000, 9)}), some},
		{"too much of it is not", Limit{}, times(2, sample{vain: 50001, denied: denials(40000, 9)}), all},
		{"no denial", Limit{}, times(2, sample{vain: 50000}), all},
		{"more destinations than are told apart", Limit{}, times(2, sample{vain: 50000, denied: many(mostDestinations + 1)}), all},
		{"it goes on behind the limit", Limit{}, then(times(2, flood), times(60, behind)), some},
		{"it goes elsewhere", some, times(2, sample{vain: 9000, held: 10, passed: 10, denied: denials(9000, 8)}), Limit{Destinations: to(8, 9)}},
		{"it goes where nobody denies", some, times(2, sample{vain: 9000, denied: denials(100, 8)}), all},
		{"the limit does not hold it", some, times(2, sample{vain: 9000, denied: denials(9000, 9)}), all},
		{"where it goes is seen later", Limit{}, then(times(2, sample{vain: 50000}), times(4, behind)), some},
		{"but is not believed twice", Limit{}, then(times(2, sample{vain: 50000}), times(4, behind), times(2, sample{vain: 9000}), times(9, behind)), all},
		{"nor in one look", all, then(times(3, behind), times(1, sample{vain: 900, passed: 1000, held: 50000}), times(3, behind)), all},
		{"it ends", some, then(times(3, behind), times(11, sample{})), Limit{}},
		{"it has not ended for long", some, times(10, sample{}), some},
		{"it comes back in between", some, then(times(8, sample{}), times(1, behind), times(8, sample{})), some},
		{"what is held would be routed now", all, times(11, sample{passed: 1000, held: 60000}), Limit{}},
		{"or little of it would not", all, times(11, sample{passed: 1000, held: 60000, vain: 8}), Limit{}},
		{"a flood hides behind what is routed", all, times(60, sample{passed: 1000, held: 60000, vain: 100}), all},
	} {
		var j judge
		now := time.Unix(1e9, 0)
		j.adopt(now, c.from)
		for _, s := range c.see {
			s.span = time.Second
			now = now.Add(time.Second)
			before := j.limit
			if changed := j.next(now, &s); changed == cmp.Equal(before, j.limit, cmpopts.EquateComparable(netip.Addr{})) {
				t.Errorf("%s: %v becomes %v, changed is %v", c.name, before, j.limit, changed)
			}
		}
		if diff := cmp.Diff(c.want, j.limit, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func many(n int) map[netip.Addr]uint64 {
	m := make(map[netip.Addr]uint64)
	for i := range n {
		m[netip.AddrFrom4([4]byte{10, 8, byte(i >> 8), byte(i)})] = 1000
	}
	return m
}

// Whatever happens: who sends nothing in vain is never limited, and who stops is
// free again in the end.
func TestJudgeIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Uint64Range(0, 1e6)
		var j judge
		now := time.Unix(1e9, 0)
		pass := func(s sample) {
			s.span = time.Duration(rapid.IntRange(450, 3000).Draw(t, "ms")) * time.Millisecond
			now = now.Add(s.span)
			j.next(now, &s)
			if j.on != j.limit.Any() {
				t.Fatalf("on is %v with %v", j.on, j.limit)
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "routed") {
			pass(sample{passed: count.Draw(t, "passed")})
		}
		if j.limit.Any() {
			t.Fatal("limited without a reason")
		}
		for range rapid.IntRange(0, 20).Draw(t, "any") {
			vain := count.Draw(t, "vain")
			pass(sample{vain: vain, passed: count.Draw(t, "passed"), held: count.Draw(t, "held"),
				denied: denials(rapid.Uint64Range(0, vain).Draw(t, "denied"), rapid.SliceOf(rapid.Byte()).Draw(t, "to")...)})
		}
		for range 30 {
			pass(sample{passed: count.Draw(t, "passed"), held: count.Draw(t, "held")})
		}
		if j.limit.Any() {
			t.Fatalf("not released: %v", j.limit)
		}
	})
}

func TestLooksGoOverAWindow(t *testing.T) {
	at := time.Unix(1e9, 0)
	var l looks
	look := func(after time.Duration, arrived, a, b uint64) *sample {
		at = at.Add(after)
		return l.add(look{at: at, Reading: Reading{Arrived: arrived, Routes: map[string]uint64{"a": a, "b": b}, Denied: denials(arrived/2, 9)}})
	}
	for i, c := range []struct {
		after         time.Duration
		arrived, a, b uint64
		vain, denied  uint64
		span          time.Duration // 0: not yet
	}{
		{0, 100, 10, 20, 0, 0, 0},
		{250, 1000, 10, 20, 0, 0, 0},
		{250, 2100, 510, 520, 1000, 1000, 500},
		{250, 2200, 510, 520, 200, 600, 500}, // to the second look
		{500, 2300, 600, 2, 8, 50, 500},      // b is another flow now
		{500, 40, 600, 2, 40, 20, 500},       // arrived began anew
		{500, 40, 700, 2, 0, 0, 500},         // a late counter
	} {
		s := look(c.after*time.Millisecond, c.arrived, c.a, c.b)
		if (s == nil) != (c.span == 0) {
			t.Fatalf("look %d: %+v", i, s)
		}
		if s != nil && (s.vain != c.vain || s.denied[to(9)[0]] != c.denied || s.span != c.span*time.Millisecond) {
			t.Errorf("look %d: %+v, want %+v", i, *s, c)
		}
	}
}

func TestSentReadsHostEnds(t *testing.T) {
	got := sent([]byte(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  105832     903    0    0    0     0          0         0   105832     903    0    0    0     0       0          0
lsh-abcdefghijk:71582  1023    0    7    0     0          0         0    10      20    0    0    0     0       0          0
lsh-broken: x y
lsi-limited: 71582  9 0
lsm-limited: 71582  9 0
lsh-short: 1
  lsh-l:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`))
	if diff := cmp.Diff(map[string]uint64{"lsh-abcdefghijk": 1023, "lsh-l": 0, "lsi-limited": 9}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func ExampleState_String() {
	p := Port{Number: 100, Container: "c1"}
	fmt.Println(State{Port: p, Kind: IPv4, Rate: 90000, Limit: Limit{Destinations: to(9)}})
	fmt.Println(State{Port: p, Kind: IPv4, Rate: 90000, Limit: Limit{Destinations: to(8, 9)}})
	fmt.Println(State{Port: p, Kind: IPv4, Rate: 90000, Limit: Limit{All: true}})
	fmt.Println(State{Port: p, Kind: ARP, Rate: 50000})
	// Output:
	// c1 on port 100 sends 90000 packets/s in vain (unroutable IPv4); the host limits what it sends to 10.7.0.9 to 200 packets/s
	// c1 on port 100 sends 90000 packets/s in vain (unroutable IPv4); the host limits what it sends to 2 denied destinations to 200 packets/s
	// c1 on port 100 sends 90000 packets/s in vain (unroutable IPv4); the host limits all it sends to 1000 packets/s
	// c1 on port 100 sends 50000 packets/s in vain (ARP); the host limits this to 200 packets/s
}
