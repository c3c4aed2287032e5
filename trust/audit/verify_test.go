// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/trust/audit"
)

// names returns the files of records in dir, in their order.
func names(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "audit-*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// written returns a folder with a closed log of 30 records in several files.
func written(t *testing.T) (dir string, last audit.Anchor) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, audit.Options{Dir: dir, FileSize: 2000})
	some(t, l, 1, 30)
	last = l.Last()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, last
}

func change(t *testing.T, path string, edit func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, edit(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func tellsOf(t *testing.T, dir, want string, anchors ...audit.Anchor) {
	t.Helper()
	r, err := audit.Verify(dir, anchors...)
	if all := strings.Join(r.Problems, "\n"); err != nil || !strings.Contains(all, want) || all == "" {
		t.Errorf("want %q, got %v: %s", want, err, all)
	}
}

// TestEveryByte changes each byte of a log in turn: none is changed without being found out.
func TestEveryByte(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir})
	some(t, l, 1, 4)
	last := l.Last()
	path := names(t, dir)[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, bit := range []byte{1, 0x20} { // the second changes the case of letters
			bad := bytes.Clone(text)
			bad[i] ^= bit
			change(t, path, func([]byte) []byte { return bad })
			if r, err := audit.Verify(dir, last); err != nil || len(r.Problems) == 0 {
				t.Fatalf("byte %d as %q is not found out: %v", i, bad[i], err)
			}
		}
	}
}

func TestTampering(t *testing.T) {
	line := func(text []byte, n int) (from, to int) {
		for range n {
			from = to
			to += bytes.IndexByte(text[to:], '\n') + 1
		}
		return from, to
	}
	for _, c := range []struct {
		name, want string
		edit       func(t *testing.T, files []string)
	}{
		{"a record is taken out", "comes after record", func(t *testing.T, files []string) {
			change(t, files[1], func(text []byte) []byte {
				from, to := line(text, 3)
				return append(text[:from:from], text[to:]...)
			})
		}},
		{"two change places", "comes after record", func(t *testing.T, files []string) {
			change(t, files[1], func(text []byte) []byte {
				a, b := line(text, 2)
				_, c := line(text, 3)
				return bytes.Join([][]byte{text[:a], text[b:c], text[a:b], text[c:]}, nil)
			})
		}},
		{"one comes twice", "comes after record", func(t *testing.T, files []string) {
			change(t, files[0], func(text []byte) []byte {
				a, b := line(text, 2)
				return bytes.Join([][]byte{text[:b], text[a:b], text[b:]}, nil)
			})
		}},
		{"a file goes", "comes after record", func(t *testing.T, files []string) { os.Remove(files[1]) }},
		{"the first file goes", "are missing, and no record says", func(t *testing.T, files []string) { os.Remove(files[0]) }},
		{"the last file goes", "are missing at the end", func(t *testing.T, files []string) { os.Remove(files[len(files)-1]) }},
		{"the end goes", "are missing at the end", func(t *testing.T, files []string) {
			change(t, files[len(files)-1], func(text []byte) []byte {
				_, to := line(text, 1)
				return text[:to]
			})
		}},
		{"all goes", "are missing at the end", func(t *testing.T, files []string) {
			for _, f := range files {
				os.Remove(f)
			}
		}},
		{"a file gets another name", "begins with record", func(t *testing.T, files []string) {
			os.Rename(files[1], files[1][:len(files[1])-1]+"9")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, last := written(t)
			holds(t, dir, 30, last)
			c.edit(t, names(t, dir))
			tellsOf(t, dir, c.want, last)
		})
	}
}

// TestForged replaces all of the log from some record on by one that is whole in
// itself: only an anchor finds it out.
func TestForged(t *testing.T) {
	dir, last := written(t)
	change(t, names(t, dir)[0], func(text []byte) []byte { return text[:bytes.IndexByte(text, '\n')+1] })
	for _, f := range names(t, dir)[1:] {
		os.Remove(f)
	}
	l := open(t, audit.Options{Dir: dir})
	some(t, l, 100, 140)
	holds(t, dir, 42)
	tellsOf(t, dir, "has the hash", last)
}

func TestAnchorText(t *testing.T) {
	_, last := written(t)
	again, err := audit.ParseAnchor(last.String())
	if err != nil || again != last {
		t.Errorf("%v, %v", again, err)
	}
	for _, bad := range []string{"", "1", "1:", "0:" + last.Hash.String(), "x:" + last.Hash.String(), "01:" + last.Hash.String(), "1:abc", last.String() + "0"} {
		if a, err := audit.ParseAnchor(bad); err == nil {
			t.Errorf("ParseAnchor(%q) = %v", bad, a)
		}
	}
}

// FuzzVerify reads whatever is in a file, and then goes on writing behind it.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\n\n"))
	f.Add([]byte("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a {}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "audit-00000000000000000001"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := audit.Verify(dir)
		if err != nil {
			t.Fatal(err)
		}
		l, err := audit.Open(audit.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		r := appendTo(t, l, audit.Entry{Kind: audit.Start})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		after, err := audit.Verify(dir, r.Anchor())
		if err != nil || len(before.Problems) == 0 && len(after.Problems) > 0 {
			t.Errorf("%v: %q and then %q", err, before.Problems, after.Problems)
		}
	})
}
