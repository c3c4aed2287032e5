// SPDX-License-Identifier: Apache-2.0

package history

import (
	"sort"
	"sync"

	"github.com/linkspan/linkspan/store/kv"
)

// What a log keeps at most; whichever is reached first drops the oldest.
const (
	maxChanges = 100_000
	maxBytes   = 64 << 20 // bytes of keys and values
)

// change is the effect of one transaction.
type change struct {
	revision uint64
	events   []kv.Event
	size     int // bytes
}

// Log is a bounded list of changes in the order of their revisions. Its
// methods may be called concurrently. Appending costs the same however long
// the log is; each watch looks at each change once.
type Log struct {
	mu        sync.RWMutex
	changes   []change
	size      int           // bytes, of all changes
	compacted uint64        // changes up to here are forgotten
	wake      chan struct{} // closed and replaced whenever there is news
	closed    bool
}

// New returns an empty log of a store that is at the given revision.
func New(revision uint64) *Log {
	return &Log{compacted: revision, wake: make(chan struct{})}
}

// Append adds a change. The revision must be higher than all before. The log
// keeps the slices and never changes them; nor may the caller.
func (l *Log) Append(revision uint64, events []kv.Event) {
	size := 0
	for _, event := range events {
		size += len(event.Entry.Key) + len(event.Entry.Value)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, change{revision: revision, events: events, size: size})
	l.size += size
	l.shrink()
	l.signal()
}

// shrink drops the oldest changes while there are too many, but never the
// newest one.
func (l *Log) shrink() {
	drop := 0
	for size := l.size; drop < len(l.changes)-1 && (len(l.changes)-drop > maxChanges || size > maxBytes); drop++ {
		size -= l.changes[drop].size
	}
	l.drop(drop)
}

func (l *Log) drop(n int) {
	for i := range n {
		l.size -= l.changes[i].size
		l.compacted = l.changes[i].revision
		l.changes[i] = change{} // free the values before the array moves
	}
	l.changes = l.changes[n:]
}

// Compact forgets all changes up to and including a revision.
func (l *Log) Compact(revision uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(l.after(revision))
	l.compacted = max(l.compacted, revision)
	l.signal()
}

// after returns the index of the first change above a revision.
func (l *Log) after(revision uint64) int {
	return sort.Search(len(l.changes), func(i int) bool { return l.changes[i].revision > revision })
}

// Close ends all watches.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.signal()
}

func (l *Log) signal() {
	close(l.wake)
	l.wake = make(chan struct{})
}
