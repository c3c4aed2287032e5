// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"testing"

	"pgregory.net/rapid"
)

func TestClassText(t *testing.T) {
	for want, c := range map[string]Class{
		"any":           {},
		"tcp":           ClassOf(ProtocolTCP),
		"tcp/443":       BlockOf(ProtocolTCP, 443, 16),
		"udp/5000-5007": BlockOf(ProtocolUDP, 5003, 13),
		"sctp/0-32767":  BlockOf(ProtocolSCTP, 80, 1),
		"icmp/8":        BlockOf(ProtocolICMP, 8, 16),
		"icmp/0":        BlockOf(ProtocolICMP, 0, 16),
		"protocol 47":   ClassOf(47),
	} {
		if got := c.String(); got != want || !c.Valid() {
			t.Errorf("got %s, want %s; valid: %v", got, want, c.Valid())
		}
	}
}

func TestInvalidClasses(t *testing.T) {
	for _, c := range []Class{
		{Protocol: ProtocolTCP, Bits: 17}, {Protocol: ProtocolTCP, Bits: 8, Port: 1}, {Bits: 16, Port: 80},
		{Protocol: 47, Bits: 16, Port: 80}, {Protocol: ProtocolICMP, Bits: 8}, {Protocol: ProtocolICMP, Bits: 16, Port: 256},
		{Protocol: ProtocolTCP, Port: 80},
	} {
		if c.Valid() {
			t.Errorf("%#v is valid", c)
		}
	}
}

func anyClass(t *rapid.T) Class {
	protocol := rapid.SampledFrom([]uint8{0, ProtocolTCP, ProtocolUDP, 47}).Draw(t, "protocol")
	if !hasPorts(protocol) {
		return ClassOf(protocol)
	}
	return BlockOf(protocol, rapid.Uint16().Draw(t, "port"), rapid.Uint8Range(0, portBits).Draw(t, "bits"))
}

// TestCoversIsContainsOfAll: a class covers another exactly when it contains
// both ends of each of the other's blocks, and is no less any than it.
func TestCoversIsContainsOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyClass(t), anyClass(t)
		if !a.Valid() || !b.Valid() {
			t.Fatalf("%v or %v is not valid", a, b)
		}
		want := a.Contains(b.Protocol, b.Port) && a.Contains(b.Protocol, b.Last())
		if b.Protocol == 0 {
			want = a.Protocol == 0
		}
		if got := a.Covers(b); got != want {
			t.Fatalf("%v covers %v: %v, want %v", a, b, got, want)
		}
		if a.Covers(b) && b.Covers(a) && a != b {
			t.Fatalf("%v and %v cover each other", a, b)
		}
	})
}

// TestBlocksMakeUpTheRange: they lie one behind the other from first to last, and
// no two could be one.
func TestBlocksMakeUpTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, last := rapid.Uint16().Draw(t, "first"), rapid.Uint16().Draw(t, "last")
		list := Blocks(ProtocolUDP, first, last)
		if first > last {
			if len(list) != 0 {
				t.Fatalf("%v out of nothing", list)
			}
			return
		}
		at := uint32(first)
		for i, c := range list {
			if uint32(c.Port) != at || !c.Valid() || c.Protocol != ProtocolUDP {
				t.Fatalf("%v does not begin at %d", c, at)
			}
			at = uint32(c.Last()) + 1
			if i > 0 && c.Bits == list[i-1].Bits && BlockOf(ProtocolUDP, c.Port, c.Bits-1).Covers(list[i-1]) {
				t.Fatalf("%v and %v are one block", list[i-1], c)
			}
		}
		if at != uint32(last)+1 || len(list) > 2*portBits {
			t.Fatalf("%d blocks end before %d, not %d", len(list), at, last)
		}
	})
	if list := Blocks(ProtocolTCP, 0, 65535); len(list) != 1 || list[0] != ClassOf(ProtocolTCP) {
		t.Errorf("all ports are %v", list)
	}
}
