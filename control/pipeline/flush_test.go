// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// flushesIn reads messages.
func flushesIn(t *testing.T, b []byte) (list []openflow.CTFlush) {
	t.Helper()
	for len(b) > 0 {
		m, rest, err := openflow.SplitMessage(b)
		var f openflow.CTFlush
		if err != nil || f.Decode(m) != nil {
			t.Fatal(err)
		}
		list, b = append(list, f), rest
	}
	return list
}

func TestFlush(t *testing.T) {
	v := world()
	leg := Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(4)), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
	const tcp, udp = decide.ProtocolTCP, decide.ProtocolUDP
	of := func(proto uint8, from, to byte, src, dst uint16) openflow.CTFlush {
		return openflow.CTFlush{
			Proto: proto, Zone: 12, HasZone: true,
			Orig: openflow.CTTuple{Src: address(from), Dst: address(to), SrcPort: src, DstPort: dst},
		}
	}
	there := func(list ...decide.Class) Fallen { return Fallen{Leg: leg, There: list} }
	pair := []openflow.CTFlush{of(0, 2, 4, 0, 0), of(0, 4, 2, 0, 0)}
	somebody := leg
	somebody.Outside = netip.MustParsePrefix("203.0.113.0/24")
	for name, c := range map[string]struct {
		fallen Fallen
		want   []openflow.CTFlush
	}{
		"all classes":      {there(decide.Class{}), []openflow.CTFlush{of(0, 2, 4, 0, 0), of(udp, 4, 2, 0, 0)}},
		"tcp":              {there(decide.ClassOf(tcp)), []openflow.CTFlush{of(tcp, 2, 4, 0, 0)}},
		"udp":              {there(decide.ClassOf(udp)), []openflow.CTFlush{of(udp, 2, 4, 0, 0), of(udp, 4, 2, 0, 0)}},
		"a port":           {there(decide.BlockOf(tcp, 443, 16)), []openflow.CTFlush{of(tcp, 2, 4, 0, 443)}},
		"a port, back":     {Fallen{Leg: leg, Back: []decide.Class{decide.BlockOf(udp, 53, 16)}}, []openflow.CTFlush{of(udp, 4, 2, 0, 53), of(udp, 2, 4, 53, 0)}},
		"the last two":     {there(decide.BlockOf(tcp, 65535, 15)), []openflow.CTFlush{of(tcp, 2, 4, 0, 65534), of(tcp, 2, 4, 0, 65535)}},
		"many ports":       {there(decide.BlockOf(tcp, 0, 10)), []openflow.CTFlush{of(tcp, 2, 4, 0, 0)}},
		"many classes":     {there(decide.Blocks(tcp, 5001, 5010)...), []openflow.CTFlush{of(tcp, 2, 4, 0, 0)}},
		"many protocols":   {there(decide.ClassOf(40), decide.ClassOf(41), decide.ClassOf(42), decide.ClassOf(43), decide.ClassOf(udp)), pair},
		"echoes":           {there(decide.ClassOf(1), decide.BlockOf(1, 8, 16)), nil},
		"the pair":         {Fallen{Leg: leg, All: true}, pair},
		"many addresses":   {Fallen{Leg: somebody, All: true}, nil},
		"one, of somebody": {Fallen{Leg: somebody, There: []decide.Class{decide.ClassOf(tcp)}}, nil},
	} {
		got := flushesIn(t, AppendFlush(nil, 1, []Fallen{c.fallen}))
		if diff := cmp.Diff(c.want, got, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	zone := flushesIn(t, AppendEmptyZone(nil, 1, Zone(leg.From)))
	if len(zone) != 1 || zone[0] != (openflow.CTFlush{Zone: 12, HasZone: true}) {
		t.Errorf("the zone: %v", zone)
	}
}

// TestFlushIsBounded: however much falls at once, a switch gets so many messages and no
// more: by pair where by class it is too many, by zone where by pair it is.
func TestFlushIsBounded(t *testing.T) {
	v := world()
	fallen := func(pairs int) (list []Fallen) {
		for i := range pairs {
			to := *v.Endpoint(key(4))
			to.Address = netip.AddrFrom4([4]byte{10, 7, 1, byte(i)})
			leg := Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), &to, linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
			list = append(list, Fallen{Leg: leg, There: decide.Blocks(decide.ProtocolTCP, 80, 83), Back: decide.Blocks(decide.ProtocolTCP, 80, 83)})
		}
		return list
	}
	for pairs, want := range map[int]int{1: 8, 8: 64, 9: 18, 32: 64, 33: 1, 200: 1} {
		if got := len(flushesIn(t, AppendFlush(nil, 1, fallen(pairs)))); got != want {
			t.Errorf("%d pairs: %d messages, want %d", pairs, got, want)
		}
	}
}
