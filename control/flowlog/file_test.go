// SPDX-License-Identifier: Apache-2.0

package flowlog

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Files hold whole writes, none beyond its limit, the newest in the file itself.
func TestFileIsMovedAsideWhenFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.json")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f.limit = 20
	for i := range 2*(KeptFiles+2) + 1 { // two lines a file
		if _, err := fmt.Fprintf(f, "line %02d\n", i); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{path: "line 12\n"}
	for i := range KeptFiles {
		want[fmt.Sprintf("%s.%d", path, i+1)] = fmt.Sprintf("line %02d\nline %02d\n", 10-2*i, 11-2*i)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != len(want) {
		t.Fatalf("%d files, want %d: %v", len(entries), len(want), err)
	}
	for name, text := range want {
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("%s has %q, want %q: %v", name, got, text, err)
		}
	}
}

// A file that exists is appended to.
func TestFileIsContinued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.json")
	for range 2 {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("line\n")); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "line\nline\n" {
		t.Fatalf("%q, %v", got, err)
	}
}
