// SPDX-License-Identifier: Apache-2.0

package openflow

// BarrierRequest asks for a BarrierReply once everything sent before it is
// done (spec 7.3.8).
type BarrierRequest struct{}

// Append appends the message.
func (*BarrierRequest) Append(b []byte, xid uint32) []byte {
	return appendEmpty(b, TypeBarrierRequest, xid)
}

// BarrierReply answers a BarrierRequest.
type BarrierReply struct{}

// Append appends the message.
func (*BarrierReply) Append(b []byte, xid uint32) []byte {
	return appendEmpty(b, TypeBarrierReply, xid)
}
