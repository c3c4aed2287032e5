// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/linkspan/linkspan/wire/packet"
)

const (
	ether = "dl_src=02:00:00:00:00:0a,dl_dst=02:00:00:00:00:0b,nw_ttl=1,"
	four  = ether + "nw_src=10.1.0.11,nw_dst=10.1.0.12,"
	six   = ether + "ipv6_src=fd01::11,ipv6_dst=fd01::12,"
)

// counting is the payload that Open vSwitch puts in: 0, 1, 2 and so on.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// TestFramesAsOpenVSwitchComposesThem compares whole frames, checksums
// included, with those that another implementation makes.
func TestFramesAsOpenVSwitchComposesThem(t *testing.T) {
	syn := &packet.TCP{SrcPort: 1000, DstPort: 53, Flags: packet.TCPSyn}
	for flow, ours := range map[string][]byte{
		"udp,udp_src=1000,udp_dst=53," + four:                             packet.AppendUDP(nil, head4(), 1000, 53, counting(64)),
		"udp6,udp_src=1000,udp_dst=53," + six:                             packet.AppendUDP(nil, head6(), 1000, 53, counting(64)),
		"tcp,tcp_src=1000,tcp_dst=53,tcp_flags=2," + four:                 packet.AppendTCP(nil, head4(), syn, nil),
		"tcp6,vlan_tci=0x104d,tcp_src=1000,tcp_dst=53,tcp_flags=2," + six: packet.AppendTCP(nil, tagged(head6()), syn, nil),
		"icmp,icmp_type=8,icmp_code=0," + four:                            packet.AppendEcho(nil, head4(), false, 0, 0, counting(64)),
		"icmp6,icmpv6_type=128,icmpv6_code=0," + six:                      packet.AppendEcho(nil, head6(), false, 0, 0, counting(64)),
		"arp,arp_op=1,dl_dst=ff:ff:ff:ff:ff:ff,dl_src=02:00:00:00:00:0a,arp_sha=02:00:00:00:00:0a,arp_spa=10.1.0.11,arp_tpa=10.1.0.1": packet.AppendARPRequest(nil, macA, ip("10.1.0.11"), ip("10.1.0.1")),
	} {
		if diff := cmp.Diff(hex.Dump(compose(t, flow)), hex.Dump(ours)); diff != "" {
			t.Errorf("%s: -theirs +ours:\n%s", flow, diff)
		}
	}
}

// compose has Open vSwitch make a frame.
func compose(t *testing.T, flow string) []byte {
	t.Helper()
	path, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed: it makes the frames to compare with")
	}
	out, err := exec.Command(path, "compose-packet", flow).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var text strings.Builder
	for line := range strings.Lines(string(out)) {
		_, bytes, _ := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		text.WriteString(strings.NewReplacer(" ", "", "-", "").Replace(bytes))
	}
	frame, err := hex.DecodeString(text.String())
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return frame
}
