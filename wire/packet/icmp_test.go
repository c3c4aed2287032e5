// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/linkspan/linkspan/wire/packet"
)

func TestTimeExceeded(t *testing.T) {
	for name, c := range map[string]struct {
		frame []byte
		from  packet.ErrorSource
		typ   uint8
		max   int
	}{
		"ipv4":      {packet.AppendUDP(nil, head4(), 1, 2, []byte("payload")), packet.ErrorSource{MAC: macR, Addr: ip("192.0.2.1")}, packet.ICMPTimeExceeded, 576},
		"ipv4 long": {packet.AppendUDP(nil, head4(), 1, 2, make([]byte, 1400)), packet.ErrorSource{MAC: macR, Addr: ip("192.0.2.1")}, packet.ICMPTimeExceeded, 576},
		"ipv4 tag":  {packet.AppendUDP(nil, tagged(head4()), 1, 2, nil), packet.ErrorSource{MAC: macR, Addr: ip("192.0.2.1")}, packet.ICMPTimeExceeded, 576},
		"ipv6":      {packet.AppendUDP(nil, head6(), 1, 2, []byte("payload")), packet.ErrorSource{MAC: macR, Addr: ip("2001:db8::1")}, packet.ICMPv6TimeExceeded, 1280},
		"ipv6 long": {packet.AppendUDP(nil, head6(), 1, 2, make([]byte, 1400)), packet.ErrorSource{MAC: macR, Addr: ip("2001:db8::1")}, packet.ICMPv6TimeExceeded, 1280},
	} {
		bad := mustParse(t, c.frame)
		reply, err := packet.AppendTimeExceeded(nil, bad, c.from)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := mustParse(t, reply)
		if typ, _ := p.ICMPType(); typ != c.typ || p.ICMPCode() != 0 || !p.ChecksumOK() {
			t.Errorf("%s: type %d code %d, checksum %v", name, typ, p.ICMPCode(), p.ChecksumOK())
		}
		if p.Src() != c.from.Addr || p.Dst() != bad.Src() || p.EthDst() != macA || p.EthSrc() != macR || p.TTL() != 64 {
			t.Errorf("%s: from %v %x to %v %x", name, p.Src(), p.EthSrc(), p.Dst(), p.EthDst())
		}
		if len(p.Network()) > c.max || !bytes.HasPrefix(bad.Network(), p.Payload()) || len(p.Payload()) < min(len(bad.Network()), c.max-48) {
			t.Errorf("%s: %d bytes, of them %d quoted", name, len(p.Network()), len(p.Payload()))
		}
		inTag, _ := bad.VLAN()
		if outTag, _ := p.VLAN(); outTag != inTag {
			t.Errorf("%s: tag %d, want %d", name, outTag, inTag)
		}
	}
}

func TestUnreachableCodes(t *testing.T) {
	for why, want := range map[packet.Unreachable][2]uint8{
		packet.NoRoute: {0, 0}, packet.NoHost: {1, 3}, packet.NoPort: {3, 4}, packet.Prohibited: {13, 1},
	} {
		four, err := packet.AppendUnreachable(nil, mustParse(t, frames()["tcp4"]), packet.ErrorSource{MAC: macR, Addr: ip("10.1.0.1")}, why)
		if err != nil {
			t.Fatal(err)
		}
		six, err := packet.AppendUnreachable(nil, mustParse(t, frames()["udp6"]), packet.ErrorSource{MAC: macR, Addr: ip("fd01::1")}, why)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]uint8{mustParse(t, four).ICMPCode(), mustParse(t, six).ICMPCode()}; got != want {
			t.Errorf("%d: codes %v, want %v", why, got, want)
		}
	}
}

// TestNoErrorAboutThese: RFC 1122 3.2.2 and RFC 4443 2.4 forbid an answer.
func TestNoErrorAboutThese(t *testing.T) {
	from4 := packet.ErrorSource{MAC: macR, Addr: ip("10.1.0.1")}
	from6 := packet.ErrorSource{MAC: macR, Addr: ip("fd01::1")}
	anError, err := packet.AppendTimeExceeded(nil, mustParse(t, frames()["udp4"]), from4)
	if err != nil {
		t.Fatal(err)
	}
	anError6, err := packet.AppendTimeExceeded(nil, mustParse(t, frames()["udp6"]), from6)
	if err != nil {
		t.Fatal(err)
	}
	fragment := frames()["udp4"]
	fragment[14+7] = 0x10
	udp := func(change func(*packet.Head)) []byte {
		h := head4()
		change(h)
		return packet.AppendUDP(nil, h, 1, 2, nil)
	}
	for name, c := range map[string]struct {
		frame []byte
		from  packet.ErrorSource
	}{
		"an error":         {anError, from4},
		"an ipv6 error":    {anError6, from6},
		"a later fragment": {fragment, from4},
		"arp":              {frames()["arp"], from4},
		"other family":     {frames()["udp4"], from6},
		"no address":       {frames()["udp4"], packet.ErrorSource{}},
		"from nobody":      {udp(func(h *packet.Head) { h.Src = ip("0.0.0.0") }), from4},
		"from a group":     {udp(func(h *packet.Head) { h.Src = ip("224.0.0.1") }), from4},
		"to a group":       {udp(func(h *packet.Head) { h.Dst = ip("224.0.0.1") }), from4},
		"to all":           {udp(func(h *packet.Head) { h.Dst = ip("255.255.255.255") }), from4},
		"ethernet group":   {udp(func(h *packet.Head) { h.EthDst = packet.Broadcast() }), from4},
	} {
		b, err := packet.AppendTimeExceeded([]byte("kept"), mustParse(t, c.frame), c.from)
		if !errors.Is(err, packet.ErrNoAnswer) || string(b) != "kept" {
			t.Errorf("%s: got %x, %v", name, b, err)
		}
	}
}
