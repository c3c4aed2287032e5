// SPDX-License-Identifier: Apache-2.0

package history

import (
	"errors"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func written(revision uint64, size int) []kv.Event {
	return []kv.Event{{Kind: kv.Written, Entry: kv.Entry{Key: "k", Value: make([]byte, size), Revision: revision}}}
}

func TestLogIsBounded(t *testing.T) {
	cases := []struct {
		name    string
		changes uint64
		size    int // bytes of each value
		kept    uint64
	}{
		{"by number", maxChanges + 10, 0, maxChanges},
		{"by bytes", 100, 1 << 20, maxBytes>>20 - 1},
		{"never below the newest", 3, maxBytes + 1, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			log := New(0)
			for revision := uint64(1); revision <= c.changes; revision++ {
				log.Append(revision, written(revision, c.size))
			}
			oldest := c.changes - c.kept
			for _, err := range log.Watch(t.Context(), "", oldest-1) {
				if !errors.Is(err, kv.ErrCompacted) {
					t.Fatalf("watch after %d: %v, want compacted", oldest-1, err)
				}
			}
			for batch, err := range log.Watch(t.Context(), "", oldest) {
				if err != nil || batch.Events[0].Entry.Revision != oldest+1 {
					t.Fatalf("watch after %d: %v, %v", oldest, len(batch.Events), err)
				}
				break
			}
		})
	}
}

// TestQuietPrefix: a watch that is up to date does not fall behind because the
// history that it has looked at is forgotten.
func TestQuietPrefix(t *testing.T) {
	log := New(0)
	log.Append(1, written(1, 0))
	batch, _, err := log.next(t.Context(), "other/", 0)
	if err != nil || batch.Revision != 1 || len(batch.Events) != 0 {
		t.Fatalf("nothing under the prefix: %v, %v", batch, err)
	}
	log.Compact(1)
	if _, _, err := log.next(t.Context(), "other/", batch.Revision); err != nil {
		t.Fatal(err)
	}
}
