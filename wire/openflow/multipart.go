// SPDX-License-Identifier: Apache-2.0

package openflow

// MultipartType is the type of a multipart message (spec 7.3.5).
type MultipartType uint16

// The multipart types this package has structures for.
const (
	MultipartDesc        MultipartType = 0
	MultipartFlow        MultipartType = 1
	MultipartAggregate   MultipartType = 2
	MultipartTable       MultipartType = 3
	MultipartMeter       MultipartType = 9
	MultipartMeterConfig MultipartType = 10
	MultipartPortDesc    MultipartType = 13
)

// multipartLen is the length in bytes of type, flags and padding.
const multipartLen = 8

// multipartMore is the flag of a reply that another one follows.
const multipartMore = 1

// Multipart is a request or a reply that may come in several messages with one
// xid. The Body of a reply is read by the Next method of its entries:
//
//	var flow openflow.FlowStats
//	for body := mp.Body; len(body) > 0; {
//		if body, err = flow.Next(body); err != nil {
//			return err
//		}
//	}
type Multipart struct {
	Type MultipartType
	More bool   // another message with this xid follows
	Body []byte // of a reply: whole entries; no entry is split over messages
}

// DecodeReply reads a MULTIPART_REPLY; Body becomes a view of m.
func (p *Multipart) DecodeReply(m Message) error { return p.decode(m, TypeMultipartReply) }

// DecodeRequest reads a MULTIPART_REQUEST; Body becomes a view of m.
func (p *Multipart) DecodeRequest(m Message) error { return p.decode(m, TypeMultipartRequest) }

func (p *Multipart) decode(m Message, t Type) error {
	b, err := m.expect(t, multipartLen)
	if err != nil {
		return err
	}
	*p = Multipart{MultipartType(u16(b, 0)), u16(b, 2)&multipartMore != 0, b[multipartLen:]}
	return nil
}

// AppendReply appends a MULTIPART_REPLY, as a switch does.
func (p *Multipart) AppendReply(b []byte, xid uint32) []byte {
	return p.append(b, TypeMultipartReply, xid)
}

// Append appends a MULTIPART_REQUEST.
func (p *Multipart) Append(b []byte, xid uint32) []byte {
	return p.append(b, TypeMultipartRequest, xid)
}

func (p *Multipart) append(b []byte, t Type, xid uint32) []byte {
	start := len(b)
	b = beginMultipart(b, t, xid, p.Type)
	if p.More {
		b[len(b)-5] = multipartMore
	}
	return finish(append(b, p.Body...), start)
}

// beginMultipart appends header, type, flags 0 and padding.
func beginMultipart(b []byte, t Type, xid uint32, mt MultipartType) []byte {
	return append(begin(b, t, xid), byte(mt>>8), byte(mt), 0, 0, 0, 0, 0, 0)
}

// DescRequest asks for the switch's description.
type DescRequest struct{}

// Append appends the message.
func (*DescRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	return finish(beginMultipart(b, TypeMultipartRequest, xid, MultipartDesc), start)
}

// TableRequest asks for the counters of all tables.
type TableRequest struct{}

// Append appends the message.
func (*TableRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	return finish(beginMultipart(b, TypeMultipartRequest, xid, MultipartTable), start)
}

// PortDescRequest asks for the descriptions of all ports.
type PortDescRequest struct{}

// Append appends the message.
func (*PortDescRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	return finish(beginMultipart(b, TypeMultipartRequest, xid, MultipartPortDesc), start)
}
