// SPDX-License-Identifier: Apache-2.0

package openflow

// RemovedReason says why a flow is gone (spec 7.4.2).
type RemovedReason uint8

// The reasons of OpenFlow 1.3; Open vSwitch adds those of later versions.
const (
	RemovedIdleTimeout RemovedReason = iota
	RemovedHardTimeout
	RemovedDelete
	RemovedGroupDelete
	RemovedMeterDelete
	RemovedEviction
)

var removedReasons = [...]string{"idle", "hard", "delete", "group_delete", "meter_delete", "eviction"}

// String returns the name that ovs-ofctl gives the reason.
func (r RemovedReason) String() string { return nameOf(removedReasons[:], int(r)) }

// FlowRemoved tells that a flow with FlowSendRemoved is gone (spec 7.4.2). A
// switch does not keep it for a controller that is away.
type FlowRemoved struct {
	Cookie       uint64
	Priority     uint16
	Reason       RemovedReason
	TableID      uint8
	DurationSec  uint32
	DurationNsec uint32
	IdleTimeout  uint16 // seconds
	HardTimeout  uint16 // seconds
	Packets      uint64
	Bytes        uint64
	Match        MatchView
}

// flowRemovedLen is the length in bytes of the fixed part.
const flowRemovedLen = 40

// Append appends the message, as a switch does.
func (f *FlowRemoved) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = a16(a64(begin(b, TypeFlowRemoved, xid), f.Cookie), f.Priority)
	b = append(b, byte(f.Reason), f.TableID)
	b = a32(a32(b, f.DurationSec), f.DurationNsec)
	b = a16(a16(b, f.IdleTimeout), f.HardTimeout)
	b = a64(a64(b, f.Packets), f.Bytes)
	return finish(appendMatch(b, f.Match), start)
}

// Decode reads a FLOW_REMOVED; Match becomes a view of m.
func (f *FlowRemoved) Decode(m Message) error {
	b, err := m.expect(TypeFlowRemoved, flowRemovedLen)
	if err != nil {
		return err
	}
	*f = FlowRemoved{
		Cookie: u64(b, 0), Priority: u16(b, 8), Reason: RemovedReason(b[10]), TableID: b[11],
		DurationSec: u32(b, 12), DurationNsec: u32(b, 16),
		IdleTimeout: u16(b, 20), HardTimeout: u16(b, 22),
		Packets: u64(b, 24), Bytes: u64(b, 32),
	}
	f.Match, _, err = decodeMatch(b[flowRemovedLen:])
	return err
}
