// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"testing"

	"github.com/linkspan/linkspan/wire/packet"
)

func TestNothingIsAllocated(t *testing.T) {
	frame := packet.AppendTCP(nil, head4(), &packet.TCP{SrcPort: 1, DstPort: 2}, make([]byte, 64))
	arp := frames()["arp"]
	buf := make([]byte, 0, 2048)
	from := packet.ErrorSource{MAC: macR, Addr: ip("192.0.2.1")}
	for name, f := range map[string]func(){
		"parse": func() {
			var p packet.Packet
			if err := packet.Parse(frame, &p); err != nil || p.DstPort() != 2 || !p.Src().Is4() {
				t.Fatal(err)
			}
		},
		"arp reply": func() {
			var p packet.Packet
			if err := packet.Parse(arp, &p); err != nil {
				t.Fatal(err)
			}
			buf = packet.AppendARPReply(buf[:0], &p, macR)
		},
		"time exceeded": func() {
			var p packet.Packet
			if err := packet.Parse(frame, &p); err != nil {
				t.Fatal(err)
			}
			var err error
			if buf, err = packet.AppendTimeExceeded(buf[:0], &p, from); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if n := testing.AllocsPerRun(200, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkParseTCP(b *testing.B) {
	frame := packet.AppendTCP(nil, head4(), &packet.TCP{SrcPort: 1, DstPort: 2}, make([]byte, 74))
	var p packet.Packet
	b.ReportAllocs()
	for b.Loop() {
		if err := packet.Parse(frame, &p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAndRead(b *testing.B) {
	frame := packet.AppendTCP(nil, head4(), &packet.TCP{SrcPort: 1, DstPort: 2}, make([]byte, 74))
	var p packet.Packet
	b.ReportAllocs()
	for b.Loop() {
		if err := packet.Parse(frame, &p); err != nil {
			b.Fatal(err)
		}
		if p.DstPort() != 2 || !p.Src().Is4() || !p.Dst().Is4() || p.EthSrc() != macA {
			b.Fatal("other fields")
		}
	}
}

func BenchmarkTimeExceeded(b *testing.B) {
	p := mustParse(b, packet.AppendUDP(nil, head4(), 1, 2, make([]byte, 86)))
	from := packet.ErrorSource{MAC: macR, Addr: ip("192.0.2.1")}
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = packet.AppendTimeExceeded(buf[:0], p, from); err != nil {
			b.Fatal(err)
		}
	}
}
