// SPDX-License-Identifier: Apache-2.0

package packet

import "encoding/binary"

// Finish completes the checksum of TCP or UDP in the frame where its sender
// left that to the network card, and reports whether it did. Such a field holds
// the sum of the pseudo header alone (Linux: CHECKSUM_PARTIAL; virtio 1.2,
// 5.1.6.2: VIRTIO_NET_HDR_F_NEEDS_CSUM). Any other value, right or wrong, is
// left as it is; a right one that looks so comes out the same.
func (p *Packet) Finish() bool {
	at, ok := p.checksumAt()
	if !ok {
		return false
	}
	segment := p.frame[p.l4:p.end]
	acc := sumAddr(sumAddr(uint64(p.proto)+uint64(len(segment)), p.Src()), p.Dst())
	if ^fold(acc) != p.u16(at) {
		return false
	}
	field := p.frame[at : at+2]
	clear(field)
	done := fold(sum(acc, segment))
	if done == 0 && p.Has(LayerUDP) {
		done = 0xffff // RFC 768: 0 says that there is none
	}
	binary.BigEndian.PutUint16(field, done)
	return true
}

// checksumAt returns where the transport checksum is, if it is whole and covers
// this packet alone.
func (p *Packet) checksumAt() (at uint16, ok bool) {
	switch {
	case p.Has(LayerTCP):
		at = p.l4 + 16
	case p.Has(LayerUDP):
		at = p.l4 + 6
	default:
		return 0, false
	}
	if p.IsIPv6() {
		return at, p.l4 == p.l3+40 // no extension: no fragment
	}
	cut := int(p.u16(p.l3+2)) != len(p.Network())
	more := p.u16(p.l3+6)&0x2000 != 0
	return at, !cut && !more
}
