// SPDX-License-Identifier: Apache-2.0

package openflow

import "time"

// FlowRequest asks for the flows that the filter lets through (spec 7.3.5.2).
// FlowRequest{TableID: TableAll} asks for all flows.
type FlowRequest struct {
	TableID    uint8  // TableAll for every table
	OutPort    uint32 // only flows with this output, 0 for any
	OutGroup   uint32 // only flows with this group, 0 for any
	Cookie     uint64
	CookieMask uint64 // 0 for any cookie
	Match      MatchView
	// Aggregate asks for the sum instead: the answer is an AggregateStats.
	Aggregate bool
}

// flowRequestLen is the length in bytes of the fixed part.
const flowRequestLen = 32

// Append appends the message.
func (r *FlowRequest) Append(b []byte, xid uint32) []byte {
	start := len(b)
	t := MultipartFlow
	if r.Aggregate {
		t = MultipartAggregate
	}
	b = beginMultipart(b, TypeMultipartRequest, xid, t)
	b = a32(a32(append(b, r.TableID, 0, 0, 0), wildOut(r.OutPort)), wildOut(r.OutGroup))
	b = a64(a64(appendZero(b, 4), r.Cookie), r.CookieMask)
	return finish(appendMatch(b, r.Match), start)
}

// DecodeBody reads the body of a request of type MultipartFlow or
// MultipartAggregate; Aggregate is left to the caller.
func (r *FlowRequest) DecodeBody(b []byte) (err error) {
	if len(b) < flowRequestLen {
		return ErrTruncated
	}
	r.TableID, r.OutPort, r.OutGroup = b[0], anyOut(u32(b, 4)), anyOut(u32(b, 8))
	r.Cookie, r.CookieMask = u64(b, 16), u64(b, 24)
	r.Match, _, err = decodeMatch(b[flowRequestLen:])
	return err
}

// FlowStats is one flow of a dump (spec 7.3.5.2).
type FlowStats struct {
	TableID      uint8
	DurationSec  uint32
	DurationNsec uint32
	Priority     uint16
	IdleTimeout  uint16 // seconds
	HardTimeout  uint16 // seconds
	Flags        FlowFlags
	Cookie       uint64
	Packets      uint64
	Bytes        uint64
	Match        MatchView
	Instructions Instructions
}

// flowStatsLen is the length in bytes of the fixed part.
const flowStatsLen = 48

// Duration returns how long the flow has been installed.
func (f *FlowStats) Duration() time.Duration {
	return time.Duration(f.DurationSec)*time.Second + time.Duration(f.DurationNsec)
}

// Next takes a flow off the body of a reply. Match and Instructions become
// views of b.
func (f *FlowStats) Next(b []byte) (rest []byte, err error) {
	if len(b) < flowStatsLen {
		return nil, ErrTruncated
	}
	n := int(u16(b, 0))
	switch {
	case n < flowStatsLen:
		return nil, ErrLength
	case n > len(b):
		return nil, ErrTruncated
	}
	*f = FlowStats{
		TableID: b[2], DurationSec: u32(b, 4), DurationNsec: u32(b, 8), Priority: u16(b, 12),
		IdleTimeout: u16(b, 14), HardTimeout: u16(b, 16), Flags: FlowFlags(u16(b, 18)),
		Cookie: u64(b, 24), Packets: u64(b, 32), Bytes: u64(b, 40),
	}
	match, instructions, err := decodeMatch(b[flowStatsLen:n:n])
	if err != nil {
		return nil, err
	}
	f.Match, f.Instructions = match, instructions
	return b[n:], nil
}

// AppendBody appends the flow as an entry of a reply, as a switch does.
func (f *FlowStats) AppendBody(b []byte) []byte {
	start := len(b)
	b = a32(a32(append(b, 0, 0, f.TableID, 0), f.DurationSec), f.DurationNsec)
	b = a16(a16(a16(b, f.Priority), f.IdleTimeout), f.HardTimeout)
	b = appendZero(a16(b, uint16(f.Flags)), 4)
	b = a64(a64(a64(b, f.Cookie), f.Packets), f.Bytes)
	b = append(appendMatch(b, f.Match), f.Instructions...)
	put16(b, start, uint16(len(b)-start))
	return b
}

// AggregateStats is the sum over the flows of a request (spec 7.3.5.3).
type AggregateStats struct {
	Packets, Bytes uint64
	Flows          uint32
}

// DecodeBody reads the body of a reply.
func (a *AggregateStats) DecodeBody(b []byte) error {
	if len(b) < 24 {
		return ErrTruncated
	}
	*a = AggregateStats{u64(b, 0), u64(b, 8), u32(b, 16)}
	return nil
}

// AppendBody appends the body of a reply, as a switch does.
func (a *AggregateStats) AppendBody(b []byte) []byte {
	return appendZero(a32(a64(a64(b, a.Packets), a.Bytes), a.Flows), 4)
}
