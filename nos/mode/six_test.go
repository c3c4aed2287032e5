// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"net/netip"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// cameUp is a frame that came up in VLAN 10.
func cameUp(frame []byte) *openflow.PacketIn {
	return &openflow.PacketIn{Match: new(openflow.Match).Reg(dispatch.RegVLAN, 10).View(), Data: frame}
}

func network6() *linkspan.Network {
	return &linkspan.Network{ID: 7, Subnet: netip.MustParsePrefix("10.7.0.0/24"), Subnet6: netip.MustParsePrefix("fd07::/64"), Gateway6: netip.MustParseAddr("fd07::1")}
}

func TestNeighbourDiscoveryIsReadAsWritten(t *testing.T) {
	s := &station{sighting: seen(1, "a"), address6: netip.MustParseAddr("fd07::2")}
	mac, a, ok := who6(cameUp(announcement6(s)), network6())
	if !ok || mac != s.mac || a != s.address6 {
		t.Errorf("announced %v at %v, %v", a, mac, ok)
	}
	for _, frame := range [][]byte{announcement6(s), question6(s.address6)} {
		var p packet.Packet
		if err := packet.Parse(frame, &p); err != nil || !p.ChecksumOK() {
			t.Fatalf("%v: %x", err, frame)
		}
		if got, ok := target6(&p); !ok || got != s.address6 {
			t.Errorf("%v, %v of %x", got, ok, frame)
		}
	}
	if _, _, ok := who6(cameUp(question6(s.address6)), network6()); ok {
		t.Error("the question is taken for a host's")
	}
}

func TestAHostHasOneAddressOfIPv6(t *testing.T) {
	now := time.Unix(1000, 0)
	first, other := netip.MustParseAddr("fd07::2"), netip.MustParseAddr("fd07::3")
	mine, others := linkspan.MAC{2, 1}, linkspan.MAC{2, 2}
	h := newHosts(3 * time.Second)
	if s, changed := h.see6(10, mine, first, now); s != nil || changed {
		t.Error("a host that nobody knows has an address")
	}
	h.see(seen(1, "a"), now)
	for i, c := range []struct {
		vlan  uint16
		mac   linkspan.MAC
		a     netip.Addr
		after time.Duration
		want  bool
	}{
		{20, mine, first, 0, false}, {10, others, first, 0, false}, {10, mine, first, 0, true}, {10, mine, first, 0, false},
		{10, mine, other, forget, false}, {10, mine, first, forget, false}, {10, mine, other, 2 * forget, false}, {10, mine, other, 2*forget + 1, true},
	} {
		if _, changed := h.see6(c.vlan, c.mac, c.a, now.Add(c.after)); changed != c.want {
			t.Errorf("%d: %v", i, changed)
		}
	}
	if !h.has6(10, other) || h.has6(10, first) || h.has6(20, other) {
		t.Error("it has not the one that was heard last")
	}
}

// FuzzFrames has anything come up: it is bounded, and who is read from it is one that a host may be.
func FuzzFrames(f *testing.F) {
	s := &station{sighting: seen(1, "a"), address6: netip.MustParseAddr("fd07::2")}
	for _, frame := range [][]byte{announcement(s), announcement6(s), question6(s.address6), question(s.address, s.mac), nil, make([]byte, 18)} {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		in := cameUp(frame)
		if mac, a, ok := who6(in, network6()); ok && (mac[0]&1 != 0 || !network6().Leasable(a)) {
			t.Errorf("%v at %v", a, mac)
		}
		if mac, at, ok := who(in); ok && (mac[0]&1 != 0 || !at.address.Is4()) {
			t.Errorf("%v at %v", at, mac)
		}
		_, _ = asked(in)
		_ = isSix(frame) && isTagged(frame) && forRouter(frame)
	})
}
