// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan/wire/packet"
)

// TestRequoted: of either family an error gets back the address that its quotation is to
// have, and right checksums.
func TestRequoted(t *testing.T) {
	for _, a := range [][4]string{
		{"10.7.0.2", "192.0.2.9", "100.127.0.5", "10.7.0.1"},
		{"fd00:7::2", "2001:db8::9", "fd6c:7367:7700::5", "fd00:7::1"},
	} {
		own, far, stands, hop := netip.MustParseAddr(a[0]), netip.MustParseAddr(a[1]), netip.MustParseAddr(a[2]), netip.MustParseAddr(a[3])
		h := packet.Head{EthSrc: packet.MAC{2, 1}, EthDst: packet.MAC{2, 2}, Src: stands, Dst: far, TTL: 1}
		var lost, told, mended packet.Packet
		if err := packet.Parse(packet.AppendUDP(nil, &h, 4000, 53, []byte("question")), &lost); err != nil {
			t.Fatal(err)
		}
		frame, err := packet.AppendTimeExceeded(nil, &lost, packet.ErrorSource{MAC: packet.MAC{2, 3}, Addr: hop})
		if err == nil {
			err = packet.Parse(frame, &told)
		}
		if err != nil {
			t.Fatal(err)
		}
		if q, ok := told.Quoted(); !ok || q != (packet.Quote{Src: stands, Dst: far}) {
			t.Fatalf("quoted %v, %v", q, ok)
		}
		if err := packet.Parse(told.AppendRequoted(nil, packet.MAC{2, 4}, packet.MAC{2, 5}, packet.Quote{Src: own, Dst: far}), &mended); err != nil {
			t.Fatalf("%s: %v", own, err)
		}
		if q, ok := mended.Quoted(); !ok || q != (packet.Quote{Src: own, Dst: far}) || mended.EthDst() != (packet.MAC{2, 5}) {
			t.Errorf("quoted again %v, %v", q, ok)
		}
		if _, ok := lost.Quoted(); ok {
			t.Error("what is no error quotes something")
		}
	}
}
