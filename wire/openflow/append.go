// SPDX-License-Identifier: Apache-2.0

package openflow

import "encoding/binary"

// begin appends the header of a message whose length finish fills in.
func begin(b []byte, t Type, xid uint32) []byte {
	return append(b, Version, byte(t), 0, HeaderLen,
		byte(xid>>24), byte(xid>>16), byte(xid>>8), byte(xid))
}

// finish writes the length of the message that starts at start. A message
// longer than the protocol can express is taken off again.
func finish(b []byte, start int) []byte {
	n := len(b) - start
	if n > MaxLen {
		return b[:start]
	}
	b[start+2], b[start+3] = byte(n>>8), byte(n)
	return b
}

// appendEmpty appends a message without a body.
func appendEmpty(b []byte, t Type, xid uint32) []byte { return begin(b, t, xid) }

// pad8 appends zero bytes until b[start:] is a multiple of 8 bytes long.
func pad8(b []byte, start int) []byte {
	return appendZero(b, -(len(b)-start)&7)
}

// appendZero appends n zero bytes, at most 16.
func appendZero(b []byte, n int) []byte {
	var zero [16]byte
	return append(b, zero[:n]...)
}

// put16 overwrites two bytes of b at i.
func put16(b []byte, i int, v uint16) { binary.BigEndian.PutUint16(b[i:i+2], v) }

// u16, u32 and u64 read at offset i of b, which the caller has measured.
func u16(b []byte, i int) uint16 { return binary.BigEndian.Uint16(b[i : i+2]) }
func u32(b []byte, i int) uint32 { return binary.BigEndian.Uint32(b[i : i+4]) }
func u64(b []byte, i int) uint64 { return binary.BigEndian.Uint64(b[i : i+8]) }

// a16, a32 and a64 append in network order.
func a16(b []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(b, v) }
func a32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }
func a64(b []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(b, v) }

// padded returns n rounded up to a multiple of 8.
func padded(n int) int { return (n + 7) &^ 7 }
