// SPDX-License-Identifier: Apache-2.0

package openflow

// Experimenter is a message outside the specification (spec 7.5.4).
type Experimenter struct {
	ID   uint32 // for example Nicira or ONF
	Type uint32
	Body []byte
}

// experimenterLen is the length in bytes of id and type.
const experimenterLen = 8

// Append appends the message.
func (e *Experimenter) Append(b []byte, xid uint32) []byte {
	start := len(b)
	return finish(append(beginExperimenter(b, xid, e.ID, e.Type), e.Body...), start)
}

// Decode reads an EXPERIMENTER message; Body becomes a view of m.
func (e *Experimenter) Decode(m Message) error {
	b, err := m.expect(TypeExperimenter, experimenterLen)
	if err != nil {
		return err
	}
	e.ID, e.Type, e.Body = u32(b, 0), u32(b, 4), b[experimenterLen:]
	return nil
}

// beginExperimenter appends header, id and type.
func beginExperimenter(b []byte, xid, id, t uint32) []byte {
	return a32(a32(begin(b, TypeExperimenter, xid), id), t)
}

// expectExperimenter returns what follows the type if m is that message and at
// least n bytes follow.
func (m Message) expectExperimenter(id, t uint32, n int) ([]byte, error) {
	b, err := m.expect(TypeExperimenter, experimenterLen)
	if err != nil {
		return nil, err
	}
	if u32(b, 0) != id || u32(b, 4) != t {
		return nil, ErrType
	}
	if len(b) < experimenterLen+n {
		return nil, ErrTruncated
	}
	return b[experimenterLen:], nil
}
