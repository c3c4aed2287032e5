// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/wire/packet"
)

func compareAddrs() cmp.Option { return cmp.Comparer(func(a, b netip.Addr) bool { return a == b }) }

func lldps() []packet.LLDP {
	return []packet.LLDP{
		{ChassisKind: packet.LLDPChassisMAC, Chassis: macA[:], PortKind: packet.LLDPPortName, Port: []byte("eth1"), TTL: 121},
		{ChassisKind: packet.LLDPChassisMAC, Chassis: macA[:], PortKind: packet.LLDPPortName, Port: []byte("eth1"), TTL: 0, PortDescription: "desk 12",
			SystemName: "edge1", SystemDescription: "a switch", Capabilities: packet.LLDPBridge | packet.LLDPRouter, Enabled: packet.LLDPBridge,
			Management: []netip.Addr{ip("192.0.2.1"), ip("2001:db8::1")}, VLAN: 10},
		{ChassisKind: 7, Chassis: []byte(strings.Repeat("x", 255)), PortKind: 7, Port: []byte("p"), SystemName: strings.Repeat("n", 255)},
	}
}

func TestLLDPIsReadAsWritten(t *testing.T) {
	for _, want := range lldps() {
		var got packet.LLDP
		if err := packet.ParseLLDP(packet.AppendLLDP(nil, macA, &want), &got); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got, compareAddrs()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestLLDPOnTheWire holds the frame against bytes that were written by hand from IEEE 802.1AB-2016, 8.
func TestLLDPOnTheWire(t *testing.T) {
	l := packet.LLDP{ChassisKind: packet.LLDPChassisMAC, Chassis: []byte{2, 0, 0, 0, 0, 1}, PortKind: packet.LLDPPortName, Port: []byte("p1"), TTL: 120,
		Capabilities: packet.LLDPBridge, Enabled: packet.LLDPBridge, Management: []netip.Addr{ip("192.0.2.1")}, VLAN: 10}
	want := "0180c200000e" + "020000000001" + "88cc" + "0207" + "04020000000001" + "0403" + "057031" + "0602" + "0078" +
		"0e04" + "00040004" + "100c" + "0501c0000201" + "01" + "00000000" + "00" + "fe06" + "0080c2" + "01" + "000a" + "0000"
	if got := hex.EncodeToString(packet.AppendLLDP(nil, packet.MAC{2, 0, 0, 0, 0, 1}, &l)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMalformedLLDP(t *testing.T) {
	whole := packet.AppendLLDP(nil, macA, &lldps()[1])
	var l packet.LLDP
	mandatory := 14 + 2 + 7 + 2 + 5 + 2 + 2
	for n := range whole {
		err := packet.ParseLLDP(whole[:n], &l)
		if (err == nil) != (n >= mandatory) {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	for name, change := range map[string]func([]byte) []byte{
		"another protocol": func(b []byte) []byte { b[13] = 0xcd; return b },
		"another order":    func(b []byte) []byte { b[14] = 4; return b },
		"no id":            func(b []byte) []byte { return append(b[:14], 2, 1, 4, 4, 1, 5, 6, 2, 0, 9) },
	} {
		if packet.ParseLLDP(change(bytes.Clone(whole)), &l) == nil {
			t.Errorf("%s is taken for LLDP", name)
		}
	}
}

// FuzzLLDP: whatever comes, nothing outside of it is read, and what is read is written so that it
// is read again.
func FuzzLLDP(f *testing.F) {
	for _, l := range lldps() {
		f.Add(packet.AppendLLDP(nil, macA, &l))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var l, again packet.LLDP
		if packet.ParseLLDP(frame[:len(frame):len(frame)], &l) != nil {
			return
		}
		packet.LLDPAddr(l.Chassis)
		if err := packet.ParseLLDP(packet.AppendLLDP(nil, macA, &l), &again); err != nil {
			t.Fatal(err)
		}
		if l.Capabilities == 0 {
			l.Enabled = 0 // is not told alone
		}
		if diff := cmp.Diff(l, again, compareAddrs()); diff != "" {
			t.Errorf("-read +again:\n%s", diff)
		}
	})
}
