// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/audit"
)

// clock goes on by a second each time that it is looked at.
func clock() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func open(t *testing.T, o audit.Options) *audit.Log {
	t.Helper()
	if o.Now == nil {
		o.Now = clock()
	}
	l, err := audit.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func appendTo(t *testing.T, l *audit.Log, e audit.Entry) audit.Record {
	t.Helper()
	r, err := l.Append(e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// some writes records that say say 1, say 2 and so on.
func some(t *testing.T, l *audit.Log, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		appendTo(t, l, audit.Entry{Kind: audit.Command, Who: "ann", How: "ssh", Text: fmt.Sprintf("say %d", i)})
	}
}

func holds(t *testing.T, dir string, records int, anchors ...audit.Anchor) audit.Report {
	t.Helper()
	r, err := audit.Verify(dir, anchors...)
	if err != nil || len(r.Problems) > 0 || r.Records != records {
		t.Errorf("%d records instead of %d, %v: %s", r.Records, records, err, strings.Join(r.Problems, "\n"))
	}
	return r
}

func TestGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := open(t, audit.Options{Dir: dir})
	first := appendTo(t, l, audit.Entry{Kind: audit.Login, Who: "ann", Role: "operator", How: "ssh", From: "192.0.2.1", Session: "1"})
	appendTo(t, l, audit.Entry{Kind: audit.Change, Who: "ann", How: "ssh", Text: "set vlans 10\nset vlans 11", Revision: 7})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, audit.Options{Dir: dir})
	last := appendTo(t, l, audit.Entry{Kind: audit.Denied, Who: "eve", Error: "permission"})
	if l.Last() != last.Anchor() || last.Number != 3 {
		t.Errorf("the last is %v", l.Last())
	}
	r := holds(t, dir, 3, first.Anchor(), last.Anchor())
	if r.First != first.Anchor() || r.Last != last.Anchor() || r.Files != 1 {
		t.Errorf("%+v", r)
	}
	records, err := audit.List(dir, audit.Filter{})
	if err != nil || len(records) != 3 {
		t.Fatalf("%v, %v", records, err)
	}
	if diff := cmp.Diff(first, records[0]); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can see it: %v, %v", info.Mode(), err)
	}
}

// TestReadableWithoutUs reads the log as sha256sum and jq would.
func TestReadableWithoutUs(t *testing.T) {
	dir := t.TempDir()
	some(t, open(t, audit.Options{Dir: dir}), 1, 3)
	text, err := os.ReadFile(filepath.Join(dir, "audit-00000000000000000001"))
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Repeat("0", 64)
	for i, line := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		hash, body, _ := bytes.Cut(line, []byte(" "))
		if fmt.Sprintf("%x", sha256.Sum256(body)) != string(hash) {
			t.Errorf("line %d has another hash", i+1)
		}
		var r map[string]any
		if err := json.Unmarshal(body, &r); err != nil || r["before"] != before || r["number"] != float64(i+1) {
			t.Errorf("line %d: %v, %v", i+1, r, err)
		}
		before = string(hash)
	}
}

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir})
	if _, err := audit.Open(audit.Options{Dir: dir}); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("a second writer: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(audit.Entry{}); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a closed log: %v", err)
	}
	open(t, audit.Options{Dir: dir})
}

func TestAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	var told []uint64
	l := open(t, audit.Options{Dir: dir, FileSize: 2000, Written: func(r audit.Record) { told = append(told, r.Number) }})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { some(t, l, 1, 20) })
	}
	wg.Go(func() {
		for range 20 {
			if r, err := audit.Verify(dir); err != nil || len(r.Problems) > 0 {
				t.Errorf("while it is written: %v, %v", r.Problems, err)
			}
		}
	})
	wg.Wait()
	last, err := audit.List(dir, audit.Filter{Limit: 1})
	if err != nil || len(last) != 1 || last[0].Anchor() != l.Last() {
		t.Errorf("%v, %v", last, err)
	}
	for i, n := range told {
		if n != uint64(i+1) {
			t.Fatalf("told of %d after %d records", n, i)
		}
	}
}

func TestLongAndOdd(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir})
	long := strings.Repeat("ü", audit.MaxText)
	for _, text := range []string{long, "a\nb\x00c\xff\u2028<script>", ""} {
		r := appendTo(t, l, audit.Entry{Kind: audit.Command, Who: "a\nb", Text: text})
		if len(r.Text) > audit.MaxText+64 {
			t.Errorf("%d bytes", len(r.Text))
		}
	}
	holds(t, dir, 3)
	found, err := audit.List(dir, audit.Filter{Text: "ü... (32768 bytes)"})
	if err != nil || len(found) != 1 {
		t.Errorf("%d, %v", len(found), err)
	}
}

func TestFilter(t *testing.T) {
	dir := t.TempDir()
	l := open(t, audit.Options{Dir: dir, FileSize: 700})
	some(t, l, 1, 9)
	mark := appendTo(t, l, audit.Entry{Kind: audit.Login, Who: "bob"})
	some(t, l, 10, 12)
	for _, c := range []struct {
		name string
		f    audit.Filter
		want []uint64
	}{
		{"the last", audit.Filter{Limit: 2}, []uint64{12, 13}},
		{"over files", audit.Filter{Limit: 5}, []uint64{9, 10, 11, 12, 13}},
		{"who", audit.Filter{Who: "bob"}, []uint64{10}},
		{"kind", audit.Filter{Kinds: []audit.Kind{audit.Login, audit.Logout}}, []uint64{10}},
		{"since", audit.Filter{Since: mark.Time}, []uint64{10, 11, 12, 13}},
		{"text", audit.Filter{Text: "say 1"}, []uint64{1, 11, 12, 13}},
		{"nothing", audit.Filter{Who: "eve"}, nil},
	} {
		records, err := audit.List(dir, c.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, r := range records {
			got = append(got, r.Number)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	if none, err := audit.List(filepath.Join(dir, "none"), audit.Filter{}); err != nil || none != nil {
		t.Errorf("no log: %v, %v", none, err)
	}
}
