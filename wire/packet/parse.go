// SPDX-License-Identifier: Apache-2.0

package packet

// ParseError says where a frame ends too early or contradicts itself. Parse
// keeps what it found before: a frame with a bad transport header still has its
// addresses.
type ParseError uint8

// What Parse can find wrong.
const (
	ErrEthernet ParseError = iota + 1
	ErrARP
	ErrIPv4
	ErrIPv6
	ErrTransport
)

var parseErrors = [...]string{"", "ethernet", "arp", "ipv4", "ipv6", "transport"}

// Error returns the header in words.
func (e ParseError) Error() string {
	if int(e) < len(parseErrors) {
		return "packet: malformed or truncated " + parseErrors[e] + " header"
	}
	return "packet: malformed frame"
}

var _ error = ParseError(0)

// maxFrame keeps offsets within 16 bits.
const maxFrame = 1<<16 - 1

// maxTags bounds the VLAN tags that Parse looks behind.
const maxTags = 4

// Parse finds the headers of frame. Frames of other protocols are no error:
// they have an EtherType and no layers. Bytes behind 65535 are ignored.
func Parse(frame []byte, p *Packet) error {
	if len(frame) > maxFrame {
		frame = frame[:maxFrame]
	}
	*p = Packet{frame: frame}
	if len(frame) < 14 {
		return ErrEthernet
	}
	l3 := uint16(14)
	t := p.u16(12)
	for tags := 0; isTag(t); tags++ {
		if tags == maxTags || len(frame) < int(l3)+4 {
			return ErrEthernet
		}
		t = p.u16(l3 + 2)
		l3 += 4
	}
	p.etherType, p.l3, p.end = t, l3, uint16(len(frame))
	switch t {
	case EtherTypeIPv4:
		return p.parseIPv4()
	case EtherTypeIPv6:
		return p.parseIPv6()
	case EtherTypeARP:
		return p.parseARP()
	}
	return nil
}

// left returns how many bytes the packet has from offset i on.
func (p *Packet) left(i uint16) int { return int(p.end) - int(i) }

// parseIPv4 reads the header (RFC 791, 3.1).
func (p *Packet) parseIPv4() error {
	if p.left(p.l3) < 20 {
		return ErrIPv4
	}
	head := uint16(p.frame[p.l3]&0x0f) * 4
	total := p.u16(p.l3 + 2)
	if p.frame[p.l3]>>4 != 4 || head < 20 || p.left(p.l3) < int(head) || total < head {
		return ErrIPv4
	}
	p.end = min(p.end, clamp(p.l3, total))
	p.layers |= LayerIPv4
	p.proto = p.frame[p.l3+9]
	if p.u16(p.l3+6)&0x1fff != 0 {
		p.frag = true
		return nil
	}
	return p.parseTransport(p.l3+head, p.proto)
}

// clamp adds without wrapping around.
func clamp(a, b uint16) uint16 {
	if s := uint32(a) + uint32(b); s <= maxFrame {
		return uint16(s)
	}
	return maxFrame
}

// parseTransport notes the transport header at l4.
func (p *Packet) parseTransport(l4 uint16, proto uint8) error {
	need, layer := 0, Layer(0)
	switch proto {
	case ProtoTCP:
		need, layer = 20, LayerTCP
	case ProtoUDP:
		need, layer = 8, LayerUDP
	case ProtoICMP:
		if p.IsIPv4() {
			need, layer = 8, LayerICMP
		}
	case ProtoICMPv6:
		if p.IsIPv6() {
			need, layer = 4, LayerICMPv6
		}
	}
	if layer == 0 {
		return nil
	}
	if p.left(l4) < need {
		return ErrTransport
	}
	if layer == LayerTCP && p.frame[l4+12]>>4 < 5 {
		return ErrTransport
	}
	p.l4 = l4
	p.layers |= layer
	return nil
}
