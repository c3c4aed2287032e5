// SPDX-License-Identifier: Apache-2.0

package openflow

// Async says which asynchronous messages a connection gets (spec 7.3.10). Bit r
// of a mask lets reason r through; element 0 holds for master and equal,
// element 1 for slave. Open vSwitch starts with packet-in 3, 0, port status 7,
// 7, flow removed 15, 0: no invalid TTL. It falls back to that at each
// connection.
type Async struct {
	PacketIn    [2]uint32
	PortStatus  [2]uint32
	FlowRemoved [2]uint32
}

// asyncLen is the length in bytes of the body.
const asyncLen = 24

// Append appends a SET_ASYNC.
func (a *Async) Append(b []byte, xid uint32) []byte { return a.append(b, TypeSetAsync, xid) }

// AppendReply appends a GET_ASYNC_REPLY, as a switch does.
func (a *Async) AppendReply(b []byte, xid uint32) []byte {
	return a.append(b, TypeGetAsyncReply, xid)
}

func (a *Async) append(b []byte, t Type, xid uint32) []byte {
	start := len(b)
	b = begin(b, t, xid)
	for _, mask := range [...][2]uint32{a.PacketIn, a.PortStatus, a.FlowRemoved} {
		b = a32(a32(b, mask[0]), mask[1])
	}
	return finish(b, start)
}

// Decode reads a GET_ASYNC_REPLY or a SET_ASYNC.
func (a *Async) Decode(m Message) error {
	b, err := m.expectEither(TypeGetAsyncReply, TypeSetAsync, asyncLen)
	if err != nil {
		return err
	}
	a.PacketIn = [2]uint32{u32(b, 0), u32(b, 4)}
	a.PortStatus = [2]uint32{u32(b, 8), u32(b, 12)}
	a.FlowRemoved = [2]uint32{u32(b, 16), u32(b, 20)}
	return nil
}

// GetAsyncRequest asks for the masks in force (spec 7.3.10).
type GetAsyncRequest struct{}

// Append appends the message.
func (*GetAsyncRequest) Append(b []byte, xid uint32) []byte {
	return appendEmpty(b, TypeGetAsyncRequest, xid)
}
