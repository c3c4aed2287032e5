// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"fmt"
)

// Version is the wire version of OpenFlow 1.3 (spec 7.1.1).
const Version = 4

// HeaderLen is the length in bytes of the header that opens every message.
const HeaderLen = 8

// MaxLen is the length in bytes of the longest message: its length field has 16 bits.
const MaxLen = 1<<16 - 1

// MAC is a 48-bit Ethernet address in wire order.
type MAC = [6]byte

// Message is a view of one whole message, header included. Reader and
// SplitMessage only yield messages whose length field equals their length.
type Message []byte

// Version returns the wire version that the sender wrote.
func (m Message) Version() uint8 { return m[0] }

// Type returns the message type.
func (m Message) Type() Type { return Type(m[1]) }

// Len returns the length in bytes, header included.
func (m Message) Len() int { return len(m) }

// XID returns the transaction id that pairs a reply with its request.
func (m Message) XID() uint32 { return binary.BigEndian.Uint32(m[4:8]) }

// Body returns what follows the header.
func (m Message) Body() []byte { return m[HeaderLen:] }

// SplitMessage takes the first message off b. It returns ErrTruncated while b
// holds less than a whole message and ErrLength when the length field is
// shorter than the header. The message is a view of b.
func SplitMessage(b []byte) (m Message, rest []byte, err error) {
	if len(b) < HeaderLen {
		return nil, b, ErrTruncated
	}
	n := int(binary.BigEndian.Uint16(b[2:4]))
	if n < HeaderLen {
		return nil, b, ErrLength
	}
	if n > len(b) {
		return nil, b, ErrTruncated
	}
	return Message(b[:n:n]), b[n:], nil
}

// expect returns the body of m if m is a message of type t and its body has at
// least n bytes.
func (m Message) expect(t Type, n int) ([]byte, error) {
	if len(m) < HeaderLen || m.Type() != t {
		return nil, ErrType
	}
	if len(m) < HeaderLen+n {
		return nil, ErrTruncated
	}
	return m[HeaderLen:], nil
}

// expectEither is expect for a body that two types share.
func (m Message) expectEither(t, u Type, n int) ([]byte, error) {
	if len(m) >= HeaderLen && m.Type() == u {
		t = u
	}
	return m.expect(t, n)
}

// String returns the type, the transaction id, and the length.
func (m Message) String() string {
	if len(m) < HeaderLen {
		return "truncated"
	}
	return fmt.Sprintf("%v xid=0x%x len=%d", m.Type(), m.XID(), m.Len())
}
