// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"encoding/binary"

	"github.com/linkspan/linkspan/wire/packet"
)

// frameLen is the length in bytes of every packet that is sent up.
const frameLen = 128

// Where the tag of a frame is: behind the transport header.
const (
	tagShort  = 14 + 20 + 8  // UDP, ICMP
	tagLong   = 14 + 20 + 20 // TCP
	tagLen    = 8
	protoAt   = 14 + 9
	shortHead = tagShort + tagLen
)

// newFrame builds the packet of question number n: TCP, UDP and ICMP in turn.
func newFrame(n int, q *Question) []byte {
	head := packet.Head{EthSrc: q.From.MAC, EthDst: q.Via, Src: q.From.Addr, Dst: q.To.Addr, ID: uint16(n)}
	if head.EthDst == (packet.MAC{}) {
		head.EthDst = q.To.MAC
	}
	b := make([]byte, 0, frameLen)
	switch n % 3 {
	case 0:
		segment := packet.TCP{SrcPort: 40000, DstPort: 80, Seq: 1, Ack: 1, Flags: packet.TCPAck | packet.TCPPsh, Window: 1024}
		return packet.AppendTCP(b, &head, &segment, tagged(frameLen-tagLong))
	case 1:
		return packet.AppendUDP(b, &head, 40000, 53, tagged(frameLen-tagShort))
	}
	return packet.AppendEcho(b, &head, false, 1, 1, tagged(frameLen-tagShort))
}

// tagged returns a payload of n bytes that begins with the tag 0.
func tagged(n int) []byte {
	b := make([]byte, n)
	putTag(b, 0)
	for i := tagLen; i < n; i++ {
		b[i] = byte(i)
	}
	return b
}

// putTag writes a tag; any two tags have the same checksum.
func putTag(b []byte, tag uint32) {
	binary.BigEndian.PutUint64(b, uint64(tag)<<32|uint64(^tag))
}

// tagOf returns where the tag of a frame is, and the tag; ok is false for a
// frame that has none.
func tagOf(frame []byte) (at int, tag uint32, ok bool) {
	if len(frame) < shortHead {
		return 0, 0, false
	}
	at = tagShort
	if frame[protoAt] == packet.ProtoTCP {
		at = tagLong
	}
	if len(frame) < at+tagLen {
		return 0, 0, false
	}
	v := binary.BigEndian.Uint64(frame[at:])
	tag = uint32(v >> 32)
	return at, tag, tag == ^uint32(v)
}
