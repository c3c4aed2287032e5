// SPDX-License-Identifier: Apache-2.0

package openflow

// EchoRequest asks for its Data back (spec 7.5.2).
type EchoRequest struct {
	Data []byte
}

// Append appends the message.
func (e *EchoRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	return finish(append(begin(b, TypeEchoRequest, xid), e.Data...), start)
}

// Decode reads an ECHO_REQUEST; Data becomes a view of m.
func (e *EchoRequest) Decode(m Message) (err error) {
	e.Data, err = m.expect(TypeEchoRequest, 0)
	return err
}

// EchoReply answers an EchoRequest with the same Data (spec 7.5.3).
type EchoReply struct {
	Data []byte
}

// Append appends the message.
func (e *EchoReply) Append(b []byte, xid uint32) []byte {
	start := len(b)
	return finish(append(begin(b, TypeEchoReply, xid), e.Data...), start)
}

// Decode reads an ECHO_REPLY; Data becomes a view of m.
func (e *EchoReply) Decode(m Message) (err error) {
	e.Data, err = m.expect(TypeEchoReply, 0)
	return err
}
