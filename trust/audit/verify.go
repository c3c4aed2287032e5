// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MaxProblems is how many problems are told at once.
const MaxProblems = 20

// Report is what [Verify] found.
type Report struct {
	Files    int
	Records  int
	First    Anchor // of the first record that is there
	Last     Anchor // of the last
	Problems []string
}

// Verify reads a whole log and says whether its chain holds: every record as it
// was written, none missing between them, none missing before the first but those of
// which a record says that they were removed. An anchor that is given must be in it.
// It may be called while the log is written. The error says what could not be read.
func Verify(dir string, anchors ...Anchor) (Report, error) {
	for {
		v := verifier{anchors: anchors}
		gone, err := v.all(dir)
		if err != nil || !gone {
			return v.Report, err
		}
	}
}

// all reads all files. When one goes while others are read, all is to be read anew: the record
// that says so may be in a file that was not there yet.
func (v *verifier) all(dir string) (gone bool, err error) {
	all, err := files(dir)
	if err != nil {
		return false, err
	}
	for i, f := range all {
		text, err := os.ReadFile(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		v.Files++
		v.file(f, text, i == len(all)-1)
	}
	v.end()
	return false, nil
}

type verifier struct {
	Report
	anchors []Anchor
	lost    bool   // lines were unreadable since the last record
	before  Anchor // what was before the first record
	dropped bool   // a record says that this was removed
}

func (v *verifier) fail(format string, values ...any) {
	if len(v.Problems) < MaxProblems {
		v.Problems = append(v.Problems, fmt.Sprintf(format, values...))
	}
}

func (v *verifier) file(f file, text []byte, newest bool) {
	first := true
	lines(text, func(r Record, err error, at, next int) bool {
		if errors.Is(err, errCut) && newest {
			return true // it is being written, or a crash has cut it off; nobody was told that it is there
		}
		if err != nil {
			v.lost = true
			v.fail("%s: what follows record %d, %d bytes at byte %d: %v", filepath.Base(f.path), v.Last.Number, next-at, at, err)
			return true
		}
		if first && r.Number != f.first {
			v.fail("%s begins with record %d", filepath.Base(f.path), r.Number)
		}
		first = false
		v.record(r)
		return true
	})
}

func (v *verifier) record(r Record) {
	switch {
	case v.Records == 0:
		v.First, v.before = r.Anchor(), Anchor{r.Number - 1, r.Before}
	case r.Number != v.Last.Number+1:
		v.fail("record %d comes after record %d", r.Number, v.Last.Number)
	case r.Before != v.Last.Hash && !v.lost:
		v.fail("record %d does not follow record %d as it is now: one of them was replaced", r.Number, v.Last.Number)
	}
	v.Records++
	v.Last, v.lost = r.Anchor(), false
	for _, a := range v.anchors {
		if a.Number == r.Number && a.Hash != r.Hash {
			v.fail("record %d has the hash %s, and had %s", r.Number, r.Hash, a.Hash)
		}
	}
	if to, err := droppedTo(r); err == nil && v.isIn(to) {
		v.dropped = true
	}
}

// isIn says whether what was before the first record is in what was removed: some of those
// files may not have gone yet.
func (v *verifier) isIn(to Anchor) bool {
	return to.Number > v.before.Number || to == v.before
}

// end looks at both ends of the chain.
func (v *verifier) end() {
	if v.before.Number > 0 && !v.dropped {
		v.fail("records 1 to %d are missing, and no record says that they were removed", v.before.Number)
	}
	if v.before.Number == 0 && v.before.Hash != (Hash{}) {
		v.fail("record 1 follows something")
	}
	for _, a := range v.anchors {
		if a.Number > v.Last.Number {
			v.fail("records %d to %d are missing at the end", v.Last.Number+1, a.Number)
		}
	}
}
