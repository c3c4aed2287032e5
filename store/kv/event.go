// SPDX-License-Identifier: Apache-2.0

package kv

// EventKind says what happened to a key.
type EventKind uint8

// The kinds of events. The zero value is none of them.
const (
	// Written means that the key was created or got a new value.
	Written EventKind = iota + 1
	// Deleted means that the key was removed, by a transaction or because
	// its lease ended.
	Deleted
)

// String returns "written" or "deleted".
func (k EventKind) String() string {
	switch k {
	case Written:
		return "written"
	case Deleted:
		return "deleted"
	default:
		return "unknown"
	}
}

// Event is one change of one key.
type Event struct {
	// Kind says whether the key was written or deleted.
	Kind EventKind
	// Entry is the key as it is now; without a value when it was deleted.
	Entry Entry
}

// Batch is what a watch delivers at a time: the changes of one or several
// whole transactions, in their order.
type Batch struct {
	// Revision is the revision up to which the watch is now complete; to
	// resume, watch after it. It grows from batch to batch.
	Revision uint64
	// Events has at least one event. Their revisions never go down.
	Events []Event
}
