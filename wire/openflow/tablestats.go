// SPDX-License-Identifier: Apache-2.0

package openflow

// TableStats counts a table's use (spec 7.3.5.4). Lookups minus Matched is
// what no flow took.
type TableStats struct {
	TableID uint8
	Active  uint32 // flows
	Lookups uint64
	Matched uint64
}

// tableStatsLen is the length in bytes of an entry.
const tableStatsLen = 24

// Next takes a table off the body of a reply.
func (t *TableStats) Next(b []byte) (rest []byte, err error) {
	if len(b) < tableStatsLen {
		return nil, ErrTruncated
	}
	*t = TableStats{b[0], u32(b, 4), u64(b, 8), u64(b, 16)}
	return b[tableStatsLen:], nil
}

// AppendBody appends the table as an entry of a reply, as a switch does.
func (t *TableStats) AppendBody(b []byte) []byte {
	b = a32(append(b, t.TableID, 0, 0, 0), t.Active)
	return a64(a64(b, t.Lookups), t.Matched)
}
