// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestGivesEachAddressOnceThenNone(t *testing.T) {
	p, err := New(netip.MustParsePrefix("10.7.0.0/22"), true)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[netip.Addr]bool{}
	for range 1022 {
		a, ok := p.Next()
		if !ok || seen[a] || !netip.MustParsePrefix("10.7.0.0/22").Contains(a) {
			t.Fatalf("got %v, %v after %d addresses", a, ok, len(seen))
		}
		seen[a] = true
	}
	if a, ok := p.Next(); ok {
		t.Fatalf("a full pool gave %v", a)
	}
	if seen[netip.MustParseAddr("10.7.0.0")] || seen[netip.MustParseAddr("10.7.3.255")] {
		t.Fatal("gave the network's own or the broadcast address")
	}
	p.Free(netip.MustParseAddr("10.7.1.9"))
	if a, _ := p.Next(); a != netip.MustParseAddr("10.7.1.9") {
		t.Fatalf("got %v, want the one address that is free", a)
	}
}

func TestAFreedAddressRests(t *testing.T) {
	p, _ := New(netip.MustParsePrefix("10.7.0.0/24"), true)
	first, _ := p.Next()
	p.Free(first)
	if next, _ := p.Next(); next == first {
		t.Fatalf("%v was given out again at once", first)
	}
}

// TestPoolsOfIPv6: small ones are used up to the last address, of large ones the first
// 2^24 are handed out.
func TestPoolsOfIPv6(t *testing.T) {
	small, err := New(netip.MustParsePrefix("fd00:7::10/126"), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fd00:7::10", "fd00:7::11", "fd00:7::12", "fd00:7::13"} {
		if a, ok := small.Next(); !ok || a.String() != want {
			t.Errorf("got %v, %t, want %s", a, ok, want)
		}
	}
	if a, ok := small.Next(); ok {
		t.Errorf("got %v of a pool that is used up", a)
	}
	large, err := New(netip.MustParsePrefix("fd00:7::/64"), true)
	if err != nil {
		t.Fatal(err)
	}
	if !large.Take(netip.MustParseAddr("fd00:7::1")) || large.Take(netip.MustParseAddr("fd00:7::1")) {
		t.Error("an address is not taken once")
	}
	if a, _ := large.Next(); a.String() != "fd00:7::2" {
		t.Errorf("the first free one is %v", a)
	}
	if large.Take(netip.MustParseAddr("fd00:7::1:0:0:5")) {
		t.Error("an address behind the first 2^24 was free")
	}
	if all, taken := large.Size(); all != 1<<24 || taken != 3 {
		t.Errorf("%d of %d taken", taken, all)
	}
}

func TestRejectsWhatIsNoPool(t *testing.T) {
	for _, s := range []string{"fc00::/7", "10.0.0.0/7"} {
		if _, err := New(netip.MustParsePrefix(s), true); err == nil {
			t.Errorf("made a pool of %s", s)
		}
	}
	if _, err := New(netip.Prefix{}, true); err == nil {
		t.Error("made a pool of nothing")
	}
}

// TestAgainstASet compares the tree with a plain set under random use.
func TestAgainstASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), rapid.IntRange(20, 30).Draw(t, "bits"))
		p, err := New(prefix, true)
		if err != nil {
			t.Fatal(err)
		}
		size, _ := p.Size()
		taken := map[netip.Addr]bool{prefix.Addr(): true, at(prefix, size-1): true}
		for range rapid.IntRange(1, 3*size).Draw(t, "steps") {
			a := at(prefix, rapid.IntRange(0, size-1).Draw(t, "address"))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				if got := p.Take(a); got == taken[a] {
					t.Fatalf("Take(%v) = %v, in the set: %v", a, got, taken[a])
				}
				taken[a] = true
			case 1:
				p.Free(a)
				delete(taken, a)
			default:
				got, ok := p.Next()
				if ok != (len(taken) < size) || taken[got] {
					t.Fatalf("Next() = %v, %v with %d of %d taken", got, ok, len(taken), size)
				}
				if ok {
					taken[got] = true
				}
			}
			if _, n := p.Size(); n != len(taken) {
				t.Fatalf("%d taken, in the set %d", n, len(taken))
			}
		}
	})
}

func at(p netip.Prefix, i int) netip.Addr {
	b := p.Addr().As4()
	n := low(p.Addr()) + uint32(i)
	b[0], b[1], b[2], b[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return netip.AddrFrom4(b)
}

// BenchmarkNextInANearlyFullPool must not grow with the pool.
func BenchmarkNextInANearlyFullPool(b *testing.B) {
	p, _ := New(netip.MustParsePrefix("10.0.0.0/12"), true)
	for {
		if _, ok := p.Next(); !ok {
			break
		}
	}
	hole := netip.MustParseAddr("10.9.8.7")
	p.Free(hole)
	for b.Loop() {
		a, ok := p.Next()
		if !ok {
			b.Fatal("no address")
		}
		p.Free(a)
	}
}
