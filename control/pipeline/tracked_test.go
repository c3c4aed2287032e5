// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

func anyClass(t *rapid.T) decide.Class {
	protocol := rapid.SampledFrom([]uint8{0, 1, 6, 17, 47, 132}).Draw(t, "protocol")
	switch protocol {
	case decide.ProtocolICMP:
		return decide.BlockOf(protocol, uint16(rapid.Uint8().Draw(t, "type")), rapid.SampledFrom([]uint8{0, 16}).Draw(t, "bits"))
	case 0, 47:
		return decide.ClassOf(protocol)
	}
	return decide.BlockOf(protocol, rapid.Uint16().Draw(t, "port"), rapid.Uint8Range(0, 16).Draw(t, "bits"))
}

// TestTrackedFlowsAreKnownAgain: what is plugged for a class is read back from a dump
// as just that, and is current; of another class, pair or chassis it is not.
func TestTrackedFlowsAreKnownAgain(t *testing.T) {
	v := world()
	rapid.Check(t, func(t *rapid.T) {
		c := anyClass(t)
		a, b := rapid.SampledFrom([]byte{2, 3, 4}).Draw(t, "from"), rapid.SampledFrom([]byte{2, 3, 4}).Draw(t, "to")
		if a == b {
			return
		}
		leg := Leg{Network: v.Network(7), ToNetwork: v.Network(7), From: v.Endpoint(key(a)), To: v.Endpoint(key(b))}
		leg.On = rapid.SampledFrom([]linkspan.ChassisID{leg.From.Chassis, leg.To.Chassis}).Draw(t, "on")
		leg.Transport, _ = decide.Transport(v, leg.Network, leg.From.Chassis, leg.To.Chassis)
		mods := decoded(t, AppendClass(nil, 1, 9, &leg, c))
		if len(mods) != 3 {
			t.Fatalf("%d flows", len(mods))
		}
		want := Standing{On: leg.On, Kind: KindClass, From: key(a), To: key(b), Class: c}
		for _, m := range slices.Concat(mods, decoded(t, AppendTracked(nil, 1, 9, &leg)), decoded(t, AppendLater(nil, 1, 9, &leg))) {
			f := dumped(m)
			s, ok := StandingOf(v, leg.On, f)
			if s.Kind == KindTracked {
				want = Standing{On: leg.On, Kind: KindTracked, From: s.From, To: s.To}
			}
			if diff := cmp.Diff(want, s, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" || !ok {
				t.Fatalf("%s: %v %s", f, ok, diff)
			}
			if !Current(v, leg.On, f) {
				t.Fatalf("%s is not current", f)
			}
			if back, ok := s.Leg(v); !ok || back.zone() != leg.zone() {
				t.Fatalf("%s: zone %d, want %d", f, back.zone(), leg.zone())
			}
			f.Cookie = uint64(NewCookie(KindRoute, 9, 0))
			if Current(v, leg.On, f) {
				t.Fatalf("%s is taken for a whole route", f)
			}
		}
	})
}

func decoded(t *rapid.T, b []byte) (list []*openflow.FlowMod) {
	for len(b) > 0 {
		m, rest, err := openflow.SplitMessage(b)
		if err != nil {
			t.Fatal(err)
		}
		mod := new(openflow.FlowMod)
		if err := mod.Decode(m); err != nil {
			t.Fatal(err)
		}
		list, b = append(list, mod), rest
	}
	return list
}

// TestStrangeClassFlows: what is in our tables and not ours is not known.
func TestStrangeClassFlows(t *testing.T) {
	build := map[string]func(m *openflow.Match){
		"no state":    func(*openflow.Match) {},
		"exact state": func(m *openflow.Match) { m.Uint(openflow.FieldCTState, uint64(ctTracked)) },
		"other state": func(m *openflow.Match) { m.CTState(ctInvalid, ctInvalid) },
		"odd mask": func(m *openflow.Match) {
			m.CTState(ctTracked, ctPlaced|openflow.CTNew).CTProto(6).UintMasked(openflow.FieldCTPortDst, 1, 0xff01)
		},
		"no protocol": func(m *openflow.Match) { m.CTState(ctTracked, ctPlaced|openflow.CTNew).CTProto(0) },
		"part of frag": func(m *openflow.Match) {
			m.CTState(ctTracked, ctInvalid|openflow.CTNew).UintMasked(openflow.FieldIPFrag, 1, 1)
		},
		"no fragment": func(m *openflow.Match) { m.CTState(ctTracked, ctInvalid|openflow.CTNew) },
		"port of none": func(m *openflow.Match) {
			m.CTState(ctTracked, ctPlaced|openflow.CTNew).CTProto(47).CTPortDst(1, 0xffff)
		},
	}
	for name, add := range build {
		var m openflow.Match
		m.Reg(regNetwork, 7).EthType(ethIPv4).IPv4Src(address(2)).IPv4Dst(address(3))
		add(&m)
		if p, ok := Recognize(tableTracked, priorityLocal, m.View()); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestZonesAreApart: no two pairs whose addresses are the same have one zone on a
// chassis, and both directions of a pair have one.
func TestZonesAreApart(t *testing.T) {
	v := world()
	near := Leg{v.Network(7), v.Network(7), v.Endpoint(key(3)), v.Endpoint(key(2)), linkspan.Local, 1, netip.Prefix{}, 0, 0}
	far := Leg{v.Network(7), v.Network(7), v.Endpoint(key(3)), v.Endpoint(key(4)), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
	for name, c := range map[string]struct {
		leg  Leg
		want uint16
	}{
		"within": {near, 12}, "within, back": {near.back(), 12},
		"leaves": {far, 13}, "arrives": {far.back(), 13},
		"leaves, at the other end":  {Leg{far.Network, far.Network, far.To, far.From, far.Transport, 2, netip.Prefix{}, 0, 0}, 14},
		"arrives, at the other end": {Leg{far.Network, far.Network, far.From, far.To, far.Transport, 2, netip.Prefix{}, 0, 0}, 14},
	} {
		if got := c.leg.zone(); got != c.want {
			t.Errorf("%s: zone %d, want %d", name, got, c.want)
		}
	}
}

// TestUnplugClassIsExact: the deletions of a class name its three flows, and those of
// no other class.
func TestUnplugClassIsExact(t *testing.T) {
	v := world()
	leg := Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(4)), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
	wide, narrow := decide.ClassOf(6), decide.BlockOf(6, 443, 16)
	names := func(b []byte) map[string]bool {
		set := make(map[string]bool)
		for _, m := range messages(t, b) {
			set[fmt.Sprint(m.TableID, " ", m.Priority, " ", m.Match)] = true
		}
		return set
	}
	if diff := cmp.Diff(names(AppendClass(nil, 1, 9, &leg, wide)), names(AppendUnplugClass(nil, 1, &leg, wide))); diff != "" {
		t.Error(diff)
	}
	for name := range names(AppendUnplugClass(nil, 1, &leg, wide)) {
		if names(AppendClass(nil, 1, 9, &leg, narrow))[name] {
			t.Errorf("%s is deleted with the other class", name)
		}
	}
}

func TestTrackingAllocatesNothing(t *testing.T) {
	v, buf := world(), make([]byte, 0, 8192)
	leg := Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(4)), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
	n := testing.AllocsPerRun(100, func() {
		b := AppendTracked(buf, 1, 9, &leg)
		b = AppendClass(b, 1, 9, &leg, decide.BlockOf(6, 443, 16))
		b = AppendUnplugClass(b, 1, &leg, decide.BlockOf(6, 443, 16))
		b = AppendStrays(b, 1, 9, &leg, decide.BlockOf(6, 443, 16), decide.BlockOf(6, 80, 10))
		AppendPass(b, 1, &leg, true, 12, nil)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestConnection reads what a switch says of a packet's connection.
func TestConnection(t *testing.T) {
	tracked := func(state openflow.CTState, proto uint8, src, dst uint16) openflow.MatchView {
		m := match().InPort(12).Reg(regNetwork, 7).Uint(openflow.FieldCTState, uint64(state)).EthType(ethIPv4)
		if proto != 0 {
			m.CTProto(proto).CTPortSrc(src, 0xffff).CTPortDst(dst, 0xffff)
		}
		return m.View()
	}
	own := decide.Connection{Protocol: 99}
	for name, c := range map[string]struct {
		m      openflow.MatchView
		want   decide.Connection
		placed bool
		fails  bool
	}{
		"not tracked": {match().InPort(12).View(), own, false, false},
		"begins": {tracked(ctTracked|openflow.CTNew, 6, 40000, 443),
			decide.Connection{Protocol: 6, SourcePort: 40000, DestinationPort: 443, Tracked: true, Begins: true}, true, false},
		"reply": {tracked(ctReply|openflow.CTEstablished, 17, 40000, 53),
			decide.Connection{Protocol: 17, SourcePort: 40000, DestinationPort: 53, Tracked: true, Reply: true}, true, false},
		"echo":                               {tracked(ctTracked|openflow.CTNew, 1, 8, 0), decide.Connection{Protocol: 1, ICMPType: 8, Tracked: true, Begins: true}, true, false},
		"invalid":                            {tracked(ctInvalid, 0, 0, 0), own, true, true},
		"a datapath that does not say which": {tracked(ctTracked|openflow.CTNew, 0, 0, 0), own, true, true},
	} {
		got := own
		placed, err := Connection(c.m, &got)
		if placed != c.placed || (err != nil) != c.fails || got != c.want {
			t.Errorf("%s: %+v, %v, %v", name, got, placed, err)
		}
	}
}
