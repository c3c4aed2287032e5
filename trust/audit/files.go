// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const filePrefix = "audit-"

// file is one file of the log.
type file struct {
	path  string
	first uint64 // number of its first record
}

func fileName(first uint64) string { return fmt.Sprintf("%s%020d", filePrefix, first) }

// files returns the files of a log, the oldest first; none where there is no folder.
func files(dir string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []file
	for _, e := range entries {
		var first uint64
		if n, _ := fmt.Sscanf(e.Name(), filePrefix+"%d", &first); n == 1 && e.Name() == fileName(first) {
			all = append(all, file{filepath.Join(dir, e.Name()), first})
		}
	}
	slices.SortFunc(all, func(a, b file) int { return bytes.Compare([]byte(a.path), []byte(b.path)) })
	return all, nil
}

// lines calls visit for each line of a file: its record or why it is none, and
// where in the file it begins and the next one does. What follows the last line
// break is a line that was cut off. It ends when visit returns false.
func lines(text []byte, visit func(r Record, err error, at, next int) bool) {
	for at := 0; at < len(text); {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			visit(Record{}, errCut, at, len(text))
			return
		}
		r, err := decode(text[at : at+end])
		next := at + end + 1
		if !visit(r, err, at, next) {
			return
		}
		at = next
	}
}

// errCut is never changed.
var errCut = errors.New("it was cut off")

// tail is what a log goes on from.
type tail struct {
	last Record // zero: there is none
	size int64  // of the readable part of the newest file
	cut  []byte // what follows it
}

// readTail reads the end of a file: its last record that stands before nothing
// but lines that are none.
func readTail(path string) (t tail, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	lines(text, func(r Record, err error, _, next int) bool {
		if err == nil {
			t.last, t.size = r, int64(next)
		}
		return true
	})
	t.cut = text[t.size:]
	return t, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
