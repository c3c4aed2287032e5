// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"encoding/binary"

	"github.com/linkspan/linkspan"
)

// etherType is IEEE 802's first for local experiments.
const etherType = 0x88b5

// A probe, after its Ethernet header, in network byte order:
//
//	 0  4  "lsdp"
//	 4  1  version, 1
//	 5  1  kind: 1 request, 2 answer
//	 6  2  length of all this with its padding, bytes
//	 8  8  fabric
//	16  8  nonce, the request's
//	24  .. zeros
const (
	magic     = "lsdp"
	version   = 1
	header    = 14
	minProbe  = 24
	probeZero = header + minProbe // the smallest frame
)

type kind uint8

const (
	request kind = 1
	answer  kind = 2
)

// probe is one frame.
type probe struct {
	to, from linkspan.MAC
	kind     kind
	size     int // of what follows the Ethernet header, bytes
	fabric   uint64
	nonce    uint64
}

// append appends the frame.
func (p *probe) append(b []byte) []byte {
	b = append(append(b, p.to[:]...), p.from[:]...)
	b = binary.BigEndian.AppendUint16(b, etherType)
	b = append(append(b, magic...), version, byte(p.kind))
	size := max(p.size, minProbe)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = binary.BigEndian.AppendUint64(b, p.fabric)
	b = binary.BigEndian.AppendUint64(b, p.nonce)
	return append(b, make([]byte, size-minProbe)...)
}

// parse reads a frame; ok is false for what is none, or came incomplete. A short
// one may have been padded on its way.
func parse(b []byte) (p probe, ok bool) {
	if len(b) < probeZero || binary.BigEndian.Uint16(b[12:]) != etherType {
		return p, false
	}
	body := b[header:]
	copy(p.to[:], b)
	copy(p.from[:], b[6:])
	p.kind, p.size = kind(body[5]), int(binary.BigEndian.Uint16(body[6:]))
	p.fabric, p.nonce = binary.BigEndian.Uint64(body[8:]), binary.BigEndian.Uint64(body[16:])
	known := string(body[:4]) == magic && body[4] == version && (p.kind == request || p.kind == answer)
	return p, known && p.size >= minProbe && p.size <= len(body)
}
