// SPDX-License-Identifier: Apache-2.0

package openflow

// FlowEvent says what a FlowUpdate tells.
type FlowEvent uint16

// The events of flows.
const (
	FlowAdded FlowEvent = iota // also what was there when the monitor began
	FlowDeleted
	FlowModified
	FlowAbbreviated // what the connection itself did by its message XID
)

var flowEvents = [...]string{"added", "deleted", "modified", "abbreviated"}

// String returns the name in lower case.
func (e FlowEvent) String() string { return nameOf(flowEvents[:], int(e)) }

// FlowUpdate is one event of a flow monitor (ONF extension EXT-187). It has no
// flags of the flow: Open vSwitch does not tell them.
type FlowUpdate struct {
	Event        FlowEvent
	Reason       RemovedReason // of FlowDeleted
	TableID      uint8
	Priority     uint16
	IdleTimeout  uint16 // seconds
	HardTimeout  uint16 // seconds
	Cookie       uint64
	XID          uint32 // of FlowAbbreviated, which has nothing else
	Match        MatchView
	Instructions Instructions
}

const (
	flowUpdateLen            = 24 // of the fixed part
	flowUpdateAbbreviatedLen = 8
)

// FlowUpdates returns the updates in the body of a reply of type
// MultipartExperimenter, to be read by FlowUpdate.Next. ErrType says that it is
// another extension's reply.
func FlowUpdates(body []byte) ([]byte, error) { return flowMonitorBody(body) }

// AppendFlowUpdates begins the body of a reply, as a switch does; AppendBody
// appends the updates.
func AppendFlowUpdates(body []byte) []byte { return a32(a32(body, ONF), flowMonitorType) }

// Next takes an update off. Match and Instructions become views of b.
func (u *FlowUpdate) Next(b []byte) (rest []byte, err error) {
	if len(b) < flowUpdateAbbreviatedLen {
		return nil, ErrTruncated
	}
	n := int(u16(b, 0))
	*u = FlowUpdate{Event: FlowEvent(u16(b, 2))}
	switch {
	case n > len(b):
		return nil, ErrTruncated
	case u.Event == FlowAbbreviated && n == flowUpdateAbbreviatedLen:
		u.XID = u32(b, 4)
		return b[n:], nil
	case u.Event >= FlowAbbreviated || n < flowUpdateLen:
		return nil, ErrLength
	}
	u.Reason, u.Priority = RemovedReason(u16(b, 4)), u16(b, 6)
	u.IdleTimeout, u.HardTimeout = u16(b, 8), u16(b, 10)
	u.TableID, u.Cookie = b[14], u64(b, 16)
	match, instructions, err := decodeMatch(b[flowUpdateLen:n:n])
	if err != nil {
		return nil, err
	}
	if int(u16(b, 12)) != 4+len(match) {
		return nil, ErrLength
	}
	u.Match, u.Instructions = match, instructions
	return b[n:], nil
}

// AppendBody appends the update as an entry of a reply, as a switch does.
func (u *FlowUpdate) AppendBody(b []byte) []byte {
	if u.Event == FlowAbbreviated {
		return a32(a16(a16(b, flowUpdateAbbreviatedLen), uint16(u.Event)), u.XID)
	}
	start := len(b)
	b = a16(a16(a16(a16(b, 0), uint16(u.Event)), uint16(u.Reason)), u.Priority)
	b = a16(a16(a16(b, u.IdleTimeout), u.HardTimeout), uint16(4+len(u.Match)))
	b = a64(append(b, u.TableID, 0), u.Cookie)
	b = append(appendMatch(b, u.Match), u.Instructions...)
	put16(b, start, uint16(len(b)-start))
	return b
}

// String returns the event and the flow as ovs-ofctl writes it.
func (u *FlowUpdate) String() string {
	if u.Event == FlowAbbreviated {
		return u.Event.String()
	}
	flow := FlowStats{TableID: u.TableID, Priority: u.Priority, IdleTimeout: u.IdleTimeout, HardTimeout: u.HardTimeout,
		Cookie: u.Cookie, Match: u.Match, Instructions: u.Instructions}
	return u.Event.String() + " " + flow.String()
}
