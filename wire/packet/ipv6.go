// SPDX-License-Identifier: Apache-2.0

package packet

// IPv6 extension headers that Parse steps over (RFC 8200, 4; AH: RFC 4302).
const (
	extHopByHop    uint8 = 0
	extRouting     uint8 = 43
	extFragment    uint8 = 44
	extAuth        uint8 = 51
	extDestination uint8 = 60
)

// maxExtensions bounds how many are stepped over.
const maxExtensions = 8

// parseIPv6 reads the header and steps over extensions (RFC 8200, 3 and 4).
func (p *Packet) parseIPv6() error {
	if p.left(p.l3) < 40 || p.frame[p.l3]>>4 != 6 {
		return ErrIPv6
	}
	at := p.l3 + 40
	// A payload length of 0 belongs to a jumbogram (RFC 2675): the frame counts.
	if n := p.u16(p.l3 + 4); n != 0 {
		p.end = min(p.end, clamp(at, n))
	}
	p.layers |= LayerIPv6
	p.proto = p.frame[p.l3+6]
	for range maxExtensions {
		size, ok := p.extension(at)
		if !ok {
			return p.parseTransport(at, p.proto)
		}
		if size == 0 || p.left(at) < int(size) {
			return ErrIPv6
		}
		if p.proto == extFragment && p.u16(at+2)&0xfff8 != 0 {
			p.frag = true
		}
		p.proto = p.frame[at]
		if p.frag {
			return nil
		}
		at += size
	}
	return ErrIPv6
}

// extension returns the length of the extension header at offset i: 0 if its
// first bytes are missing, !ok if p.proto is no extension.
func (p *Packet) extension(i uint16) (size uint16, ok bool) {
	switch p.proto {
	case extHopByHop, extRouting, extDestination, extFragment, extAuth:
	default:
		return 0, false
	}
	if p.left(i) < 8 {
		return 0, true
	}
	n := uint16(p.frame[i+1])
	switch p.proto {
	case extFragment:
		return 8, true
	case extAuth:
		return (n + 2) * 4, true
	}
	return (n + 1) * 8, true
}
