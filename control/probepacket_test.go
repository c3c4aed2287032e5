// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/packet"
)

// probesOf are probes of both families, by each kind of packet.
func probesOf(t *testing.T, test func(t *testing.T, p *probe, parsed *packet.Packet)) {
	t.Helper()
	for _, ends := range [][2]string{{"10.7.0.2", "10.7.0.3"}, {"fd00:7::2", "fd00:7::3"}} {
		from := &linkspan.Endpoint{Address: netip.MustParseAddr(ends[0]), MAC: linkspan.MAC{2, 0, 0, 0, 0, 2}}
		icmp, kind := decide.ProtocolICMP, packet.ICMPEchoRequest
		if from.Address.Is6() {
			icmp, kind = decide.ProtocolICMPv6, packet.ICMPv6EchoRequest
		}
		for protocol, port := range map[uint8]uint16{decide.ProtocolTCP: 80, decide.ProtocolUDP: 53, decide.ProtocolSCTP: 9, icmp: uint16(kind), 47: 0} {
			t.Run(ends[0]+" "+linkspan.ProtocolName(protocol), func(t *testing.T) {
				p := newProbe(7, 11, Probe{From: from, Destination: netip.MustParseAddr(ends[1]), Protocol: protocol, Port: port})
				var parsed packet.Packet
				if err := packet.Parse(p.frame, &parsed); err != nil {
					t.Fatal(err)
				}
				test(t, p, &parsed)
			})
		}
	}
}

// TestProbePackets: they are what their mark says, and right.
func TestProbePackets(t *testing.T) {
	probesOf(t, func(t *testing.T, p *probe, got *packet.Packet) {
		switch {
		case got.Src() != p.mark.Source, got.Dst() != p.mark.Destination, got.Proto() != p.mark.Protocol, got.TTL() != p.mark.TTL:
			t.Errorf("%s > %s protocol %d ttl %d is not as %+v", got.Src(), got.Dst(), got.Proto(), got.TTL(), p.mark)
		case got.DstPort() != p.mark.DestinationPort && p.mark.Protocol != decide.ProtocolSCTP:
			t.Errorf("port %d, not %d", got.DstPort(), p.mark.DestinationPort)
		case p.mark.Protocol == decide.ProtocolTCP && got.TCPFlags() != packet.TCPSyn:
			t.Errorf("flags %#x", got.TCPFlags())
		case !got.ChecksumOK() && p.mark.Protocol != decide.ProtocolSCTP && p.mark.Protocol != 47: // which it does not know
			t.Error("its checksum is wrong")
		}
		if linkspan.Typed(p.mark.Protocol) {
			id, _, ok := got.ICMPEcho()
			if kind, _ := got.ICMPType(); !ok || id != p.echo || uint16(kind) != p.asked.Port {
				t.Errorf("type %d, echo %v of %d, not %d", kind, ok, id, p.echo)
			}
		}
	})
}

// TestProbeIsKnown: a probe's packet is known wherever it has come, and no other is
// taken for it, be it one of the same mark.
func TestProbeIsKnown(t *testing.T) {
	probesOf(t, func(t *testing.T, p *probe, got *packet.Packet) {
		if !p.made(p.frame) || !p.made(append(bytes.Clone(p.frame), 0, 0)) {
			t.Error("its own packet is not known")
		}
		hops := []int{15, 22} // type of service and time to live
		if got.IsIPv6() {
			hops = []int{15, 16, 21} // traffic class, flow label and hop limit
		}
		for _, at := range append(hops, 0, 6) { // and the Ethernet addresses
			changed := bytes.Clone(p.frame)
			changed[at]++
			if !p.made(changed) {
				t.Errorf("it is not known when byte %d was changed on the way", at)
			}
		}
		payload := len(p.frame) - 1
		if got.Has(packet.LayerTCP) {
			payload = len(p.frame) - 16 // the last of the sequence number
		}
		for _, at := range []int{29, payload} { // an address, and what is its own
			changed := bytes.Clone(p.frame)
			changed[at]++
			if p.made(changed) {
				t.Errorf("one that differs in byte %d is taken for it", at)
			}
		}
		if p.made(p.frame[:len(p.frame)-1]) {
			t.Error("one that is shorter is taken for it")
		}
		other := newProbe(8, 11, p.asked)
		if p.made(other.frame) {
			t.Error("another probe's is taken for it")
		}
	})
}
