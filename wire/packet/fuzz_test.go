// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"testing"

	"github.com/linkspan/linkspan/wire/packet"
	"pgregory.net/rapid"
)

// touch calls every method.
func touch(p *packet.Packet) {
	p.EthSrc()
	p.EthDst()
	p.EtherType()
	p.VLAN()
	p.Src()
	p.Dst()
	p.TTL()
	p.Proto()
	p.SrcPort()
	p.DstPort()
	p.TCPFlags()
	p.TCPSeq()
	p.ICMPType()
	p.ICMPCode()
	p.ICMPEcho()
	p.ARPOp()
	p.ARPSHA()
	p.ARPTHA()
	p.Network()
	p.Payload()
	p.ChecksumOK()
	p.Finish()
}

// FuzzParse: whatever a frame holds, nothing outside of it is read, and errors
// about it are well formed.
func FuzzParse(f *testing.F) {
	for _, frame := range frames() {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var p packet.Packet
		_ = packet.Parse(frame[:len(frame):len(frame)], &p)
		touch(&p)
		_ = packet.AppendARPReply(nil, &p, macR)
		for _, from := range []packet.ErrorSource{{MAC: macR, Addr: ip("10.1.0.1")}, {MAC: macR, Addr: ip("fd01::1")}} {
			b, err := packet.AppendTimeExceeded(nil, &p, from)
			if err != nil {
				continue
			}
			if reply := mustParse(t, b); !reply.ChecksumOK() || reply.Dst() != p.Src() {
				t.Fatalf("%x", b)
			}
		}
	})
}

func TestUDPRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := head4()
		if rapid.Bool().Draw(t, "six") {
			h = head6()
		}
		h.VLAN = rapid.Uint16Range(0, 4095).Draw(t, "vlan")
		payload := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")
		src, dst := rapid.Uint16().Draw(t, "src"), rapid.Uint16().Draw(t, "dst")
		var p packet.Packet
		if err := packet.Parse(packet.AppendUDP(nil, h, src, dst, payload), &p); err != nil {
			t.Fatal(err)
		}
		id, _ := p.VLAN()
		if p.SrcPort() != src || p.DstPort() != dst || string(p.Payload()) != string(payload) || !p.ChecksumOK() || id != h.VLAN {
			t.Fatalf("got %d %d %x %v", p.SrcPort(), p.DstPort(), p.Payload(), p.ChecksumOK())
		}
	})
}

// TestChecksumExample is the example of RFC 1071, 3.
func TestChecksumExample(t *testing.T) {
	b := []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}
	if got := packet.Checksum(b); got != ^uint16(0xddf2) {
		t.Errorf("got %04x", got)
	}
}
