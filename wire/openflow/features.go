// SPDX-License-Identifier: Apache-2.0

package openflow

// FeaturesRequest asks a switch who it is (spec 7.3.1).
type FeaturesRequest struct{}

// Append appends the message.
func (*FeaturesRequest) Append(b []byte, xid uint32) []byte {
	return appendEmpty(b, TypeFeaturesRequest, xid)
}

// FeaturesReply says which datapath a connection leads to (spec 7.3.1).
type FeaturesReply struct {
	DatapathID   uint64
	Buffers      uint32
	Tables       uint8
	AuxiliaryID  uint8 // 0 on the main connection
	Capabilities uint32
}

// featuresLen is the length in bytes of the body.
const featuresLen = 24

// Append appends the message, as a switch does.
func (f *FeaturesReply) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a32(a64(begin(b, TypeFeaturesReply, xid), f.DatapathID), f.Buffers)
	b = append(b, f.Tables, f.AuxiliaryID, 0, 0)
	return finish(a32(a32(b, f.Capabilities), 0), start)
}

// Decode reads a FEATURES_REPLY.
func (f *FeaturesReply) Decode(m Message) error {
	b, err := m.expect(TypeFeaturesReply, featuresLen)
	if err != nil {
		return err
	}
	*f = FeaturesReply{
		DatapathID: u64(b, 0), Buffers: u32(b, 8), Tables: b[12],
		AuxiliaryID: b[13], Capabilities: u32(b, 16),
	}
	return nil
}
