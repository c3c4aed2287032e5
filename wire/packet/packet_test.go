// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan/wire/packet"
)

var (
	macA = packet.MAC{2, 0, 0, 0, 0, 0x0a}
	macB = packet.MAC{2, 0, 0, 0, 0, 0x0b}
	macR = packet.MAC{2, 0xff, 0, 0, 0, 1}
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func head4() *packet.Head {
	return &packet.Head{EthSrc: macA, EthDst: macB, Src: ip("10.1.0.11"), Dst: ip("10.1.0.12"), TTL: 1}
}

func head6() *packet.Head {
	return &packet.Head{EthSrc: macA, EthDst: macB, Src: ip("fd01::11"), Dst: ip("fd01::12"), TTL: 1}
}

func tagged(h *packet.Head) *packet.Head {
	h.VLAN = 77
	return h
}

// frames are one frame of each kind, by name.
func frames() map[string][]byte {
	tcp := &packet.TCP{SrcPort: 40000, DstPort: 80, Seq: 0x01020304, Flags: packet.TCPSyn, Window: 1000}
	return map[string][]byte{
		"arp":        packet.AppendARPRequest(nil, macA, ip("10.1.0.11"), ip("10.1.0.1")),
		"udp4":       packet.AppendUDP(nil, head4(), 1000, 53, []byte("question")),
		"udp6":       packet.AppendUDP(nil, head6(), 1000, 53, []byte("odd")),
		"udp4 tag":   packet.AppendUDP(nil, tagged(head4()), 1000, 53, nil),
		"tcp4":       packet.AppendTCP(nil, head4(), tcp, []byte("data")),
		"tcp6 tag":   packet.AppendTCP(nil, tagged(head6()), tcp, nil),
		"echo4":      packet.AppendEcho(nil, head4(), false, 7, 8, []byte("ping")),
		"echo6":      packet.AppendEcho(nil, head6(), false, 7, 8, []byte("ping")),
		"echo reply": packet.AppendEcho(nil, head4(), true, 7, 8, nil),
	}
}

func mustParse(t testing.TB, frame []byte) *packet.Packet {
	t.Helper()
	var p packet.Packet
	if err := packet.Parse(frame, &p); err != nil {
		t.Fatalf("%v: %x", err, frame)
	}
	return &p
}

func TestWhatIsBuiltIsParsed(t *testing.T) {
	for name, frame := range frames() {
		p := mustParse(t, frame)
		if p.EthSrc() != macA || !p.IsARP() && p.EthDst() != macB {
			t.Errorf("%s: addresses %x %x", name, p.EthSrc(), p.EthDst())
		}
		if !p.IsARP() && (!p.ChecksumOK() || p.TTL() != 1) {
			t.Errorf("%s: checksum %v, ttl %d", name, p.ChecksumOK(), p.TTL())
		}
	}
}

func TestUDP(t *testing.T) {
	for _, name := range []string{"udp4", "udp6", "udp4 tag"} {
		p := mustParse(t, frames()[name])
		if p.SrcPort() != 1000 || p.DstPort() != 53 || p.Proto() != packet.ProtoUDP || !p.Has(packet.LayerUDP) {
			t.Errorf("%s: %d %d %d", name, p.SrcPort(), p.DstPort(), p.Proto())
		}
	}
	p := mustParse(t, frames()["udp4"])
	if string(p.Payload()) != "question" || p.Src() != ip("10.1.0.11") || p.Dst() != ip("10.1.0.12") {
		t.Errorf("got %q from %v to %v", p.Payload(), p.Src(), p.Dst())
	}
	if id, ok := mustParse(t, frames()["udp4 tag"]).VLAN(); !ok || id != 77 {
		t.Errorf("tag %d, %v", id, ok)
	}
}

func TestTCP(t *testing.T) {
	p := mustParse(t, frames()["tcp4"])
	if p.SrcPort() != 40000 || p.DstPort() != 80 || p.TCPFlags() != packet.TCPSyn || p.TCPSeq() != 0x01020304 || string(p.Payload()) != "data" {
		t.Errorf("got %d %d %x %x %q", p.SrcPort(), p.DstPort(), p.TCPFlags(), p.TCPSeq(), p.Payload())
	}
}

func TestEcho(t *testing.T) {
	for _, name := range []string{"echo4", "echo6", "echo reply"} {
		id, seq, ok := mustParse(t, frames()[name]).ICMPEcho()
		if !ok || id != 7 || seq != 8 {
			t.Errorf("%s: %d %d %v", name, id, seq, ok)
		}
	}
}

func TestARPReply(t *testing.T) {
	request := mustParse(t, frames()["arp"])
	if request.ARPOp() != packet.ARPRequest || request.EthDst() != packet.Broadcast() {
		t.Fatalf("op %d to %x", request.ARPOp(), request.EthDst())
	}
	p := mustParse(t, packet.AppendARPReply(nil, request, macR))
	if p.ARPOp() != packet.ARPReply || p.EthDst() != macA || p.ARPSHA() != macR || p.ARPTHA() != macA {
		t.Errorf("op %d, %x %x %x", p.ARPOp(), p.EthDst(), p.ARPSHA(), p.ARPTHA())
	}
	if p.Src() != ip("10.1.0.1") || p.Dst() != ip("10.1.0.11") {
		t.Errorf("%v is told to %v", p.Src(), p.Dst())
	}
}

// TestPaddedFrame: what an Ethernet frame carries behind the packet is not
// part of it.
func TestPaddedFrame(t *testing.T) {
	frame := append(packet.AppendUDP(nil, head4(), 1, 2, []byte("x")), make([]byte, 17)...)
	p := mustParse(t, frame)
	if string(p.Payload()) != "x" || !p.ChecksumOK() {
		t.Errorf("payload %q, checksum %v", p.Payload(), p.ChecksumOK())
	}
}

func TestLaterFragmentHasNoPorts(t *testing.T) {
	frame := frames()["udp4"]
	frame[14+6], frame[14+7] = 0x00, 0x10
	p := mustParse(t, frame)
	if !p.IsLaterFragment() || p.Has(packet.LayerUDP) || p.SrcPort() != 0 || p.Proto() != packet.ProtoUDP {
		t.Errorf("fragment %v, ports %v", p.IsLaterFragment(), p.SrcPort())
	}
}

func TestExtensionHeaders(t *testing.T) {
	plain := frames()["udp6"]
	hop := []byte{packet.ProtoUDP, 0, 1, 4, 0, 0, 0, 0} // PadN
	frame := append(append(append([]byte(nil), plain[:54]...), hop...), plain[54:]...)
	frame[14+6] = 0
	frame[14+5] += 8
	p := mustParse(t, frame)
	if p.DstPort() != 53 || p.Proto() != packet.ProtoUDP || !p.ChecksumOK() {
		t.Errorf("port %d, protocol %d", p.DstPort(), p.Proto())
	}
}

func TestMalformed(t *testing.T) {
	good := frames()
	cut := func(name string, n int) []byte { return good[name][:n] }
	set := func(name string, i int, v byte) []byte {
		f := append([]byte(nil), good[name]...)
		f[i] = v
		return f
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  error
	}{
		{"nothing", nil, packet.ErrEthernet},
		{"half a tag", cut("udp4 tag", 16), packet.ErrEthernet},
		{"half an arp", cut("arp", 41), packet.ErrARP},
		{"arp of another kind", set("arp", 18, 4), packet.ErrARP},
		{"half an ipv4", cut("udp4", 33), packet.ErrIPv4},
		{"version", set("udp4", 14, 0x65), packet.ErrIPv4},
		{"header length", set("udp4", 14, 0x44), packet.ErrIPv4},
		{"total length", set("udp4", 17, 19), packet.ErrIPv4},
		{"half an ipv6", cut("udp6", 53), packet.ErrIPv6},
		{"half a udp", cut("udp4", 14+20+7), packet.ErrTransport},
		{"tcp data offset", set("tcp4", 14+20+12, 0x40), packet.ErrTransport},
	} {
		var p packet.Packet
		if err := packet.Parse(c.frame, &p); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}
