// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"os"
)

// rotate begins another file when the newest is full, and removes the oldest when
// there are too many: first a record says so, then they go. It is called with mu held.
func (l *Log) rotate() error {
	if l.size < l.options.FileSize {
		return nil
	}
	if err := l.begin(l.last.Number + 1); err != nil {
		return err
	}
	all, err := files(l.options.Dir)
	if err != nil || len(all) <= l.options.Files {
		return err
	}
	gone := all[:len(all)-l.options.Files]
	end, err := readTail(gone[len(gone)-1].path)
	if err != nil {
		return err
	}
	if _, err := l.write(Entry{Kind: Dropped, Text: droppedText(end.last.Anchor())}); err != nil {
		return err
	}
	for _, f := range gone {
		if err := os.Remove(f.path); err != nil {
			return err
		}
	}
	return syncDir(l.options.Dir)
}

const droppedPrefix = "removed to make room: all records up to "

// droppedText says what was removed: everything up to a record.
func droppedText(a Anchor) string { return droppedPrefix + a.String() }

// droppedTo reads what droppedText says.
func droppedTo(r Record) (Anchor, error) {
	if r.Kind != Dropped || len(r.Text) < len(droppedPrefix) {
		return Anchor{}, fmt.Errorf("record %d does not say what was removed", r.Number)
	}
	return ParseAnchor(r.Text[len(droppedPrefix):])
}
