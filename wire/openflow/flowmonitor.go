// SPDX-License-Identifier: Apache-2.0

package openflow

// MultipartExperimenter is the multipart type of requests and replies outside
// the specification (spec 7.3.5.16).
const MultipartExperimenter MultipartType = 0xffff

// flowMonitorType is the number of flow monitoring in the ONF's extension
// EXT-187, which brings it to 1.3; Open vSwitch has it since 2.16.
const flowMonitorType = 1870

// MonitorFlags say what a flow monitor tells.
type MonitorFlags uint16

// The flags of a FlowMonitorRequest.
const (
	MonitorInitial      MonitorFlags = 1 << iota // the flows there are, as added
	MonitorAdd                                   // flows that come
	MonitorDelete                                // flows that go
	MonitorModify                                // flows that change
	MonitorInstructions                          // with their instructions
	MonitorOwn                                   // in full too what this connection does itself
)

// FlowMonitorRequest asks to be told of flows from now on, until the connection
// ends. What MonitorInitial asks for comes in replies with the request's xid;
// later updates come with xid 0.
type FlowMonitorRequest struct {
	ID      uint32
	Flags   MonitorFlags
	TableID uint8  // TableAll for every table
	OutPort uint32 // only flows with this output, 0 for any
	Match   MatchView
}

// flowMonitorRequestLen is the length in bytes of the fixed part.
const flowMonitorRequestLen = 16

// Append appends the message.
func (r *FlowMonitorRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = beginMultipart(b, TypeMultipartRequest, xid, MultipartExperimenter)
	b = a32(a32(b, ONF), flowMonitorType)
	b = a16(a16(a32(b, r.ID), uint16(r.Flags)), uint16(4+len(r.Match)))
	b = append(a32(b, wildOut(r.OutPort)), r.TableID, 0, 0, 0)
	return finish(appendMatch(b, r.Match), start)
}

// DecodeBody reads the body of a request of type MultipartExperimenter.
func (r *FlowMonitorRequest) DecodeBody(b []byte) error {
	b, err := flowMonitorBody(b)
	if err != nil {
		return err
	}
	if len(b) < flowMonitorRequestLen {
		return ErrTruncated
	}
	r.ID, r.Flags = u32(b, 0), MonitorFlags(u16(b, 4))
	r.OutPort, r.TableID = anyOut(u32(b, 8)), b[12]
	if r.Match, _, err = decodeMatch(b[flowMonitorRequestLen:]); err == nil && int(u16(b, 6)) != 4+len(r.Match) {
		err = ErrLength
	}
	return err
}

// flowMonitorBody returns what follows the extension's header.
func flowMonitorBody(b []byte) ([]byte, error) {
	if len(b) < experimenterLen {
		return nil, ErrTruncated
	}
	if u32(b, 0) != ONF || u32(b, 4) != flowMonitorType {
		return nil, ErrType
	}
	return b[experimenterLen:], nil
}
