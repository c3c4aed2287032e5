// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"maps"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/store/kv"
)

// fold is what a reader knows who applies the batches of a watch to a list,
// and checks them while doing so.
type fold struct {
	known    map[string]kv.Entry
	seen     map[string]uint64 // last revision of each key, also of deleted ones
	revision uint64            // of the last batch
}

// reporter is what testing and rapid have in common.
type reporter interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
}

func newFold(entries []kv.Entry) *fold {
	f := &fold{known: make(map[string]kv.Entry), seen: make(map[string]uint64)}
	for _, entry := range entries {
		f.known[entry.Key] = entry
		f.seen[entry.Key] = entry.Revision
	}
	return f
}

// apply takes a batch over, and reports all that a batch must not be.
func (f *fold) apply(t reporter, batch kv.Batch) {
	t.Helper()
	if len(batch.Events) == 0 {
		t.Error("a batch has no events")
	}
	if batch.Revision <= f.revision {
		t.Errorf("batch at %d came after one at %d", batch.Revision, f.revision)
	}
	last := f.revision
	for _, event := range batch.Events {
		f.applyEvent(t, event)
		if event.Entry.Revision < last || event.Entry.Revision > batch.Revision {
			t.Errorf("event at %d came after %d in a batch at %d", event.Entry.Revision, last, batch.Revision)
		}
		last = event.Entry.Revision
	}
	f.revision = batch.Revision
}

func (f *fold) applyEvent(t reporter, event kv.Event) {
	t.Helper()
	entry := event.Entry
	if entry.Revision <= f.seen[entry.Key] {
		t.Errorf("%q at %d was delivered again or late: %d was seen", entry.Key, entry.Revision, f.seen[entry.Key])
	}
	f.seen[entry.Key] = entry.Revision
	switch event.Kind {
	case kv.Written:
		if entry.Value == nil {
			t.Errorf("%q was written without a value", entry.Key)
		}
		f.known[entry.Key] = entry
	case kv.Deleted:
		if entry.Value != nil {
			t.Errorf("%q was deleted with a value", entry.Key)
		}
		delete(f.known, entry.Key)
	default:
		t.Errorf("%q has an event of kind %d", entry.Key, event.Kind)
	}
}

// entries returns what is known, as a list would.
func (f *fold) entries() []kv.Entry {
	return slices.SortedFunc(maps.Values(f.known), func(a, b kv.Entry) int { return strings.Compare(a.Key, b.Key) })
}
