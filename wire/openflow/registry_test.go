// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"strings"
	"testing"

	of "github.com/linkspan/linkspan/wire/openflow"
)

// TestMoveNamesAsOpenVSwitchReadsThem moves every field to a register or back
// and compares the names and widths that Open vSwitch prints with ours.
func TestMoveNamesAsOpenVSwitchReadsThem(t *testing.T) {
	for f := range of.Fields() {
		sub := f.All()
		if sub.Bits > 32 {
			sub = f.Bits(0, 32)
		}
		a := acts().Move(sub, of.Reg(9).Bits(0, sub.Bits))
		mod := of.FlowMod{Match: prerequisites(f), Instructions: apply(a)}
		got := ofPrint(t, mod.Append(nil, testXID))
		_, got, _ = strings.Cut(got, "actions=")
		if got != a.String() && !knownOtherwise(f) {
			t.Errorf("%v (class %#x number %d): ours %q, theirs %q", f, f.Class(), f.Number(), a, ofPrint(t, mod.Append(nil, testXID)))
		}
	}
}

// knownOtherwise lists fields that cannot be read by move in Open vSwitch 3.1.
func knownOtherwise(f of.Field) bool {
	switch f {
	case of.FieldInPhyPort, of.FieldNXMCookie, of.FieldRecircID:
		return true
	}
	return false
}

// prerequisites returns a match under which f may be used.
func prerequisites(f of.Field) of.MatchView {
	m := new(of.Match)
	name := f.String()
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("vlan_"):
		m.UintMasked(of.FieldVLANVID, 0x1000, 0x1000)
	case has("arp_"):
		m.EthType(0x806)
	case has("mpls"):
		m.EthType(0x8847)
	case has("nd_tll"):
		m.EthType(0x86dd).IPProto(58).ICMPv6Type(136).ICMPv6Code(0)
	case has("nd_"):
		m.EthType(0x86dd).IPProto(58).ICMPv6Type(135).ICMPv6Code(0)
	case has("icmpv6"):
		m.EthType(0x86dd).IPProto(58)
	case has("ipv6"):
		m.EthType(0x86dd)
	case has("tcp"):
		m.EthType(0x800).IPProto(6)
	case has("udp"):
		m.EthType(0x800).IPProto(17)
	case has("sctp"):
		m.EthType(0x800).IPProto(132)
	case has("icmp_"):
		m.EthType(0x800).IPProto(1)
	case has("nw_", "ip_"):
		m.EthType(0x800)
	case has("ct_nw", "ct_tp"):
		m.CTState(of.CTTracked|of.CTEstablished, of.CTTracked|of.CTEstablished).EthType(0x800).IPProto(6)
	case has("ct_ipv6"):
		m.CTState(of.CTTracked|of.CTEstablished, of.CTTracked|of.CTEstablished).EthType(0x86dd)
	}
	return m.View()
}

func TestFieldByName(t *testing.T) {
	for name, want := range map[string]of.Field{
		"nw_dst": of.FieldIPv4Dst, "reg3": of.Reg(3), "tun_id": of.FieldTunnelID, "vlan_tci": of.FieldVLANTCI,
	} {
		if got, ok := of.FieldByName(name); !ok || got != want {
			t.Errorf("%s: got %v, %v", name, got, ok)
		}
	}
	if _, ok := of.FieldByName("no_such_field"); ok {
		t.Error("found a field that does not exist")
	}
}

func TestRegistryHasEachFieldOnce(t *testing.T) {
	seen := map[of.Field]bool{}
	for f := range of.Fields() {
		if seen[f] {
			t.Errorf("%v is there twice", f)
		}
		seen[f] = true
	}
}
