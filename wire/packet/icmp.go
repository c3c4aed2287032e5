// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"errors"
	"net/netip"
)

// ICMP types (RFC 792) and ICMPv6 types (RFC 4443, RFC 4861).
const (
	ICMPEchoReply       uint8 = 0
	ICMPDestUnreachable uint8 = 3
	ICMPEchoRequest     uint8 = 8
	ICMPTimeExceeded    uint8 = 11

	ICMPParameterProblem uint8 = 12

	ICMPv6DestUnreachable uint8 = 1
	ICMPv6TimeExceeded    uint8 = 3
	ICMPv6EchoRequest     uint8 = 128
	ICMPv6EchoReply       uint8 = 129
	ICMPv6NeighborSolicit uint8 = 135
	ICMPv6NeighborAdvert  uint8 = 136
)

// Unreachable is why a packet could not be delivered, for both families.
type Unreachable uint8

// The reasons.
const (
	NoRoute    Unreachable = iota // network unreachable
	NoHost                        // host unreachable
	NoPort                        // port unreachable
	Prohibited                    // by an administrator
)

// codes returns the ICMP (RFC 792, RFC 1812 5.2.7.1) and the ICMPv6 code (RFC
// 4443 3.1).
func (u Unreachable) codes() (v4, v6 uint8) {
	switch u {
	case NoHost:
		return 1, 3
	case NoPort:
		return 3, 4
	case Prohibited:
		return 13, 1
	}
	return 0, 0
}

// ErrNoAnswer says that no ICMP error may be sent about a packet: it is no IP,
// an ICMP error itself, a later fragment, or not from and to one station (RFC
// 1122 3.2.2, RFC 4443 2.4).
var ErrNoAnswer = errors.New("packet: no ICMP error may answer this packet")

// ErrorSource is the router that speaks in an ICMP error.
type ErrorSource struct {
	MAC  MAC
	Addr netip.Addr // of the packet's family
}

// Greatest length in bytes of the IP packet that holds an error: RFC 1812
// 4.3.2.3 and RFC 4443 2.4 (c).
const (
	maxError4 = 576
	maxError6 = 1280
)

// AppendTimeExceeded appends the frame that tells the sender of p that its hop
// limit ran out. It quotes as much of p as the family allows.
func AppendTimeExceeded(b []byte, p *Packet, from ErrorSource) ([]byte, error) {
	return appendError(b, p, from, [2]uint8{ICMPTimeExceeded, 0}, [2]uint8{ICMPv6TimeExceeded, 0})
}

// AppendUnreachable appends the frame that tells the sender of p that it could
// not be delivered.
func AppendUnreachable(b []byte, p *Packet, from ErrorSource, why Unreachable) ([]byte, error) {
	v4, v6 := why.codes()
	return appendError(b, p, from, [2]uint8{ICMPDestUnreachable, v4}, [2]uint8{ICMPv6DestUnreachable, v6})
}

// appendError appends an error of the packet's family; v4 and v6 are type and
// code.
func appendError(b []byte, p *Packet, from ErrorSource, v4, v6 [2]uint8) ([]byte, error) {
	if !p.answerable() || from.Addr.Is4() != p.IsIPv4() || !from.Addr.IsValid() {
		return b, ErrNoAnswer
	}
	h := Head{EthSrc: from.MAC, EthDst: p.EthSrc(), Src: from.Addr, Dst: p.Src()}
	tc, proto, room := v4, ProtoICMP, maxError4-20-8
	if p.IsIPv6() {
		tc, proto, room = v6, ProtoICMPv6, maxError6-40-8
	}
	if id, ok := p.VLAN(); ok {
		h.VLAN = id
	}
	quote := p.Network()
	quote = quote[:min(len(quote), room)]
	b, l3, l4 := h.begin(b, proto)
	b = append(b, tc[0], tc[1], 0, 0, 0, 0, 0, 0)
	return h.finish(append(b, quote...), l3, l4, proto, 2), nil
}

// answerable reports whether an ICMP error about p is allowed.
func (p *Packet) answerable() bool {
	if p.layers&(LayerIPv4|LayerIPv6) == 0 || p.frag || len(p.frame) < 14 || p.frame[0]&1 != 0 {
		return false
	}
	src, dst := p.Src(), p.Dst()
	if src.IsUnspecified() || src.IsMulticast() || src.IsLoopback() || dst.IsMulticast() {
		return false
	}
	if src.Is4() && (src.As4()[0] >= 240 || dst.As4() == [4]byte{255, 255, 255, 255}) {
		return false
	}
	return !p.IsICMPError()
}

// IsICMPError reports whether p is an ICMP message other than a query. An ICMP
// header that was cut off counts as an error.
func (p *Packet) IsICMPError() bool {
	t, ok := p.ICMPType()
	switch {
	case p.IsIPv4() && p.proto == ProtoICMP:
		return !ok || !isQuery4(t)
	case p.IsIPv6() && p.proto == ProtoICMPv6:
		return !ok || t < 128
	}
	return false
}

// isQuery4 reports whether an ICMP type asks or answers (RFC 792, RFC 1256).
func isQuery4(t uint8) bool {
	switch t {
	case ICMPEchoReply, ICMPEchoRequest, 9, 10, 13, 14, 15, 16, 17, 18:
		return true
	}
	return false
}

// AppendEcho appends an echo request, or with reply set the answer, of the
// family of h.
func AppendEcho(b []byte, h *Head, reply bool, id, seq uint16, payload []byte) []byte {
	proto, t := ProtoICMP, ICMPEchoRequest
	switch {
	case h.Src.Is4() && reply:
		t = ICMPEchoReply
	case !h.Src.Is4() && reply:
		proto, t = ProtoICMPv6, ICMPv6EchoReply
	case !h.Src.Is4():
		proto, t = ProtoICMPv6, ICMPv6EchoRequest
	}
	b, l3, l4 := h.begin(b, proto)
	b = append(b, t, 0, 0, 0, byte(id>>8), byte(id), byte(seq>>8), byte(seq))
	return h.finish(append(b, payload...), l3, l4, proto, 2)
}
