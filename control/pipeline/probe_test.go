// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

func aMark(protocol uint8) Mark {
	k := Mark{Source: netip.MustParseAddr("10.7.0.2"), Destination: netip.MustParseAddr("10.7.0.3"), Protocol: protocol, DSCP: 43, TTL: 200}
	if linkspan.Ported(protocol) {
		k.SourcePort, k.DestinationPort = 61234, 80
	}
	return k
}

func aMark6(protocol uint8) Mark {
	k := aMark(protocol)
	k.Source, k.Destination = netip.MustParseAddr("fd00:7::2"), netip.MustParseAddr("fd00:7::3")
	return k
}

// TestWatchFlows: what a probe adds to the tables, at the source's switch and at the
// destination's.
func TestWatchFlows(t *testing.T) {
	var out strings.Builder
	for _, w := range []Watch{
		{Probe: 7, Mark: aMark(decide.ProtocolTCP), In: 11},
		{Probe: 7, Mark: aMark(decide.ProtocolTCP), In: linkspan.TunnelPort, Hold: 12},
		{Probe: 7, Mark: aMark(decide.ProtocolUDP), In: 11, Hold: 12},
		{Probe: 7, Mark: aMark(decide.ProtocolSCTP), In: 11, Hold: 12},
		{Probe: 7, Mark: aMark(decide.ProtocolICMP), In: linkspan.DirectPort, Hold: 12},
		{Probe: 7, Mark: aMark(47), In: 11},
		{Probe: 7, Mark: aMark6(decide.ProtocolTCP), In: 11},
		{Probe: 7, Mark: aMark6(decide.ProtocolUDP), In: linkspan.TunnelPort, Hold: 12},
		{Probe: 7, Mark: aMark6(decide.ProtocolSCTP), In: 11, Hold: linkspan.GatewayPort},
		{Probe: 7, Mark: aMark6(decide.ProtocolICMPv6), In: linkspan.DirectPort, Hold: 12},
		{Probe: 7, Mark: aMark6(47), In: 11},
	} {
		b := AppendWatch(nil, 0, &w)
		for len(b) > 0 {
			n := int(b[2])<<8 | int(b[3])
			var mod openflow.FlowMod
			if err := mod.Decode(openflow.Message(b[:n])); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&out, text(&mod))
			b = b[n:]
		}
	}
	golden(t, "probe.txt", out.String())
}

// TestProbeFlowsAreNobodysElse: no deletion of routes, denials or static flows means
// them, and theirs means nothing else.
func TestProbeFlowsAreNobodysElse(t *testing.T) {
	c := NewCookie(KindProbe, 30, 7)
	if c.Kind().Static() || c.Kind().Plugged() {
		t.Errorf("kind %#x is static or plugged", c.Kind())
	}
	for name, mask := range map[string][2]uint64{"static": {groupFixed, maskGroup}, "of decisions": {groupMoved, maskGroup}} {
		if uint64(c)&mask[1] == mask[0] {
			t.Errorf("they are %s", name)
		}
	}
	var in openflow.PacketIn
	in.Cookie = uint64(c)
	if id, table, ok := Watched(&in); id != 7 || table != 30 || !ok {
		t.Errorf("read as %d, %d, %v", id, table, ok)
	}
	in.Cookie = uint64(NewCookie(KindRoute, 30, 7))
	if _, _, ok := Watched(&in); ok {
		t.Error("a route's is taken for it")
	}
}

// TestForgettingAProbe: its connection is named by its whole tuple, and by nothing of
// ICMPv6, at which ovs-vswitchd 3.1 ends itself.
func TestForgettingAProbe(t *testing.T) {
	ends := func(a, b string) (from, to *linkspan.Endpoint) {
		return &linkspan.Endpoint{Address: netip.MustParseAddr(a), Chassis: 1, Port: 11}, &linkspan.Endpoint{Address: netip.MustParseAddr(b), Chassis: 2, Port: 12}
	}
	for _, k := range []Mark{
		aMark(decide.ProtocolTCP), aMark(decide.ProtocolICMP), aMark6(decide.ProtocolTCP), aMark6(decide.ProtocolUDP), aMark6(decide.ProtocolICMPv6),
	} {
		from, to := ends(k.Source.String(), k.Destination.String())
		leg := Leg{Network: &linkspan.Network{ID: 1}, ToNetwork: &linkspan.Network{ID: 1}, From: from, To: to, On: 1}
		b := AppendForgetProbe(nil, 0, &leg, &k, 77)
		if k.Protocol == decide.ProtocolICMPv6 {
			if len(b) > 0 {
				t.Errorf("an echo of IPv6 is flushed: %x", b)
			}
			continue
		}
		want := openflow.CTFlush{
			Proto: k.Protocol, Zone: leg.zone(), HasZone: true,
			Orig: openflow.CTTuple{Src: k.Source, Dst: k.Destination, SrcPort: k.SourcePort, DstPort: k.DestinationPort},
		}
		if k.Protocol == decide.ProtocolICMP {
			want.Orig.ICMPID, want.Orig.ICMPType = 77, 8
		}
		var got openflow.CTFlush
		if err := got.Decode(openflow.Message(b)); err != nil || got != want {
			t.Errorf("protocol %d: %+v, %v; want %+v", k.Protocol, got, err, want)
		}
	}
}

func TestDeparture(t *testing.T) {
	for mac, want := range map[linkspan.MAC]string{
		linkspan.ChassisID(300).TunnelMAC(): "300 tunnel true",
		linkspan.ChassisID(300).DirectMAC(): "300 direct true",
		RouterMAC():                         "0  false",
		{2, 0, 0, 0, 0, 9}:                  "0  false",
	} {
		to, by, ok := Departure(mac)
		if got := fmt.Sprint(uint16(to), " ", by, " ", ok); got != want {
			t.Errorf("%s: %s, want %s", mac, got, want)
		}
	}
}
