// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/trust/audit"
)

// TestCutOff takes the power away at many bytes of the last record, also so that
// zeros are where it should be: what was told to be written is there, the log goes on,
// its chain holds, and a record says what was cut off.
func TestCutOff(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir})
	some(t, l, 1, 2)
	told := l.Last()
	whole, err := os.ReadFile(names(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	some(t, l, 3, 3)
	text, err := os.ReadFile(names(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	const step = 9 // at each byte it takes longer than it tells more
	for cut := len(whole); cut < len(text); cut += min(step, max(len(text)-1-cut, 1)) {
		crashed(t, bytes.Clone(text[:cut]), told, cut > len(whole))
		crashed(t, append(bytes.Clone(text[:cut]), make([]byte, len(text)-cut)...), told, true)
	}
}

func crashed(t *testing.T, text []byte, told audit.Anchor, damaged bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "audit-00000000000000000001"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := audit.Verify(dir, told); err != nil || len(r.Problems) > 0 && bytes.IndexByte(text[len(text)-1:], 0) < 0 {
		t.Errorf("before it goes on: %v, %v", r.Problems, err)
	}
	l := open(t, audit.Options{Dir: dir})
	next := appendTo(t, l, audit.Entry{Kind: audit.Start})
	records := 3
	if damaged {
		records = 4
		found, err := audit.List(dir, audit.Filter{Kinds: []audit.Kind{audit.Cut}})
		kept, _ := filepath.Glob(filepath.Join(dir, "cut-*"))
		if err != nil || len(found) != 1 || len(kept) != 1 || !strings.Contains(found[0].Text, filepath.Base(kept[0])) {
			t.Errorf("%v, %v, %v", found, kept, err)
		}
	}
	holds(t, dir, records, told, next.Anchor())
}

// TestCrashBetweenFiles loses the power when a new file has no record yet.
func TestCrashBetweenFiles(t *testing.T) {
	for _, torn := range []string{"", "0123 {"} {
		dir, last := written(t)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("audit-%020d", last.Number+1)), []byte(torn), 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, audit.Options{Dir: dir})
		if torn == "" && l.Last() != last {
			t.Errorf("it goes on from %v", l.Last())
		}
		some(t, l, 31, 40)
		holds(t, dir, 40+min(len(torn), 1), last)
	}
}

// TestRotation keeps some files, and its chain from the first of them on.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir, FileSize: 1000, Files: 3})
	some(t, l, 1, 60)
	if n := len(names(t, dir)); n != 3 {
		t.Errorf("%d files", n)
	}
	r, err := audit.Verify(dir, l.Last())
	if err != nil || len(r.Problems) > 0 || r.First.Number == 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := os.Remove(names(t, dir)[0]); err != nil {
		t.Fatal(err)
	}
	tellsOf(t, dir, "are missing, and no record says")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	some(t, open(t, audit.Options{Dir: dir, FileSize: 1000, Files: 3}), 61, 100) // and goes on as ever
	if r, err := audit.Verify(dir); err != nil || len(r.Problems) > 0 {
		t.Errorf("%v, %v", r.Problems, err)
	}
}

// TestDropTwice loses the power when a record says that files were removed and they are not.
func TestDropTwice(t *testing.T) {
	dir := t.TempDir()
	o := audit.Options{Dir: dir, FileSize: 1000, Files: 3}
	l := open(t, o)
	some(t, l, 1, 8)
	oldest := names(t, dir)[0]
	kept, err := os.ReadFile(oldest)
	if err != nil {
		t.Fatal(err)
	}
	for i := 9; ; i++ {
		some(t, l, i, i)
		if _, err := os.Stat(oldest); err != nil {
			break
		}
	}
	if err := os.WriteFile(oldest, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := audit.Verify(dir, l.Last()); err != nil || len(r.Problems) > 0 || r.First.Number != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, o)
	some(t, l, 50, 70)
	if r, err := audit.Verify(dir, l.Last()); err != nil || len(r.Problems) > 0 || r.First.Number == 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestFullAtTheStart has a log that cannot be mended at its start for want of room.
func TestFullAtTheStart(t *testing.T) {
	dir := smallDisk(t)
	l := open(t, audit.Options{Dir: dir})
	some(t, l, 1, 3)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, names(t, dir)[0], func(text []byte) []byte { return append(text, "cut off"...) })
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	l = open(t, audit.Options{Dir: dir})
	for range 3 {
		if _, err := l.Append(audit.Entry{Kind: audit.Start}); err == nil {
			t.Fatal("something was written")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "cut-*")); len(left) > 1 {
		t.Errorf("each try leaves a file: %q", left)
	}
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	some(t, l, 4, 6)
	holds(t, dir, 7, l.Last())
}

// TestFewPiecesAreKept cuts off the end of the log many times.
func TestFewPiecesAreKept(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		l := open(t, audit.Options{Dir: dir})
		some(t, l, i, i)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		change(t, names(t, dir)[0], func(text []byte) []byte { return append(text, "cut off"...) })
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "cut-*")); len(left) != 8 {
		t.Errorf("%d files are left: %q", len(left), left)
	}
	if r, err := audit.Verify(dir); err != nil || len(r.Problems) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestDropHalf loses the power after the first of two files has gone of which a record
// says that they go.
func TestDropHalf(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir, FileSize: 1000, Files: 5})
	for i := 1; len(names(t, dir)) < 5; i++ {
		some(t, l, i, i)
	}
	second := names(t, dir)[1]
	kept, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, audit.Options{Dir: dir, FileSize: 1000, Files: 2})
	for i := 100; len(names(t, dir)) > 2; i++ {
		some(t, l, i, i)
	}
	for _, other := range names(t, dir)[:1] { // what is between them
		if other == second {
			t.Fatal("the second file is still there")
		}
	}
	if err := os.WriteFile(second, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(dir, l.Last())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		if strings.Contains(p, "no record says") {
			t.Error(p)
		}
	}
}

// TestFullDisk is told that nothing was written, and goes on when there is room.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	l := open(t, audit.Options{Dir: dir})
	some(t, l, 1, 3)
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	refused, written := 0, 0
	for range 40 {
		if _, err := l.Append(audit.Entry{Kind: audit.Command, Text: strings.Repeat("x", 500)}); err != nil {
			refused++
		} else {
			written++
		}
	}
	if refused == 0 {
		t.Fatal("all was written")
	}
	holds(t, dir, 3+written, l.Last())
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	some(t, l, 4, 6)
	holds(t, dir, 6+written, l.Last())
}
