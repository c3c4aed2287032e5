// SPDX-License-Identifier: Apache-2.0

package layer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var date = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func newTree(t testing.TB, rules Rules) *Tree {
	t.Helper()
	tree, err := New(t.TempDir(), rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tree.Close() })
	return tree
}

func put(t testing.TB, tree *Tree, path, text string) {
	t.Helper()
	if err := tree.Put(File{Path: path, Mode: 0o644 | fs.ModeSetuid}, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

// list writes the tree and returns its files in the order in which they are written.
func list(t testing.TB, tree *Tree) []string {
	t.Helper()
	var out bytes.Buffer
	if _, err := tree.Write(&out, date); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for archive := tar.NewReader(zip); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil || !h.ModTime.Equal(date) {
			t.Fatalf("%s is of %v, %v", h.Name, h.ModTime, err)
		}
		all = append(all, fmt.Sprintf("%s %o %d:%d %s%s", h.Name, h.Mode, h.Uid, h.Gid, h.Linkname, text))
	}
}

func TestTree(t *testing.T) {
	tree := newTree(t, Rules{LeaveOut: []string{"/usr/share/doc/*/**"}, Keep: []string{"/usr/share/doc/*/copyright"}})
	put(t, tree, "lib/x/b.so", "b")
	put(t, tree, "/usr/share/doc/x/README", "")
	put(t, tree, "/usr/share/doc/x/copyright", "free")
	for _, h := range []tar.Header{
		{Name: "./tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}, {Name: "./lib64/ld.so", Typeflag: tar.TypeSymlink, Linkname: "/lib/x/b.so", Mode: 0o777},
		{Name: "./bin/c", Typeflag: tar.TypeLink, Linkname: "./lib/x/b.so"},
	} {
		if err := tree.Add(&h, nil); err != nil {
			t.Fatal(err)
		}
	}
	tree.Own("/usr/lib/x", 5, 6, true)
	want := []string{
		"tmp/ 1777 0:0 ", "usr/ 755 0:0 ", "usr/bin/ 755 0:0 ", "usr/bin/c 644 0:0 b", "usr/lib/ 755 0:0 ", "usr/lib/x/ 755 5:6 ", "usr/lib/x/b.so 644 5:6 b",
		"usr/lib64/ 755 0:0 ", "usr/lib64/ld.so 777 0:0 /lib/x/b.so", "usr/share/ 755 0:0 ", "usr/share/doc/ 755 0:0 ", "usr/share/doc/x/ 755 0:0 ", "usr/share/doc/x/copyright 644 0:0 free",
	}
	if diff := cmp.Diff(want, list(t, tree)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b.so", "ld.so"}, tree.Libraries()); diff != "" {
		t.Error(diff)
	}
	if !tree.Has("/lib/x/b.so") || tree.Open("/nothing") != nil {
		t.Error("what is there is not found, or what is not is")
	}
}

func TestSameFilesGiveSameBytes(t *testing.T) {
	var first string
	for _, order := range [][]string{{"/a", "/b/c", "/b/a"}, {"/b/a", "/a", "/b/c"}} {
		tree := newTree(t, Rules{})
		for _, name := range order {
			put(t, tree, name, "text of "+name)
		}
		var out bytes.Buffer
		w, err := tree.Write(&out, date)
		if err != nil || w.Size != int64(out.Len()) || w.Files != 4 {
			t.Fatalf("%+v, %v", w, err)
		}
		if first == "" {
			first = w.Digest
		}
		if w.Digest != first {
			t.Error("the order in which files are put matters")
		}
	}
}

func TestTreeRefuses(t *testing.T) {
	tree := newTree(t, Rules{})
	put(t, tree, "/a/b", "")
	for name, f := range map[string]File{
		"above": {Path: "../x", Mode: 0o644}, "newline": {Path: "/x\ny", Mode: 0o644}, "long": {Path: "/" + strings.Repeat("x", maxPath), Mode: 0o644},
		"folder": {Path: "/a", Mode: 0o644}, "below a file": {Path: "/a/b/c", Mode: 0o644}, "device": {Path: "/dev/x", Mode: fs.ModeDevice}, "pipe": {Path: "/x", Mode: fs.ModeNamedPipe},
	} {
		if err := tree.Put(f, strings.NewReader("")); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := tree.Add(&tar.Header{Name: "x", Typeflag: tar.TypeLink, Linkname: "nothing"}, nil); err == nil {
		t.Error("a link to nothing is taken")
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"/a", "/a", true}, {"/a", "/ab", false}, {"/a/*", "/a/b", true}, {"/a/*", "/a/b/c", false}, {"/a/**", "/a/b/c", true}, {"/a/*/gconv", "/a/x/gconv", true},
		{"/a*c", "/abc", true}, {"/a*c", "/abcd", false}, {"*", "", true}, {"", "", true}, {"", "a", false},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("%q with %q is %v", c.pattern, c.name, got)
		}
	}
	slim := Rules{LeaveOut: Slim(), Keep: SlimKept()}
	for name, out := range map[string]bool{
		"/usr/share/man/man8/zebra.8.gz": true, "/usr/share/doc/frr/copyright": false, "/usr/share/doc/frr/README": true, "/usr/share/doc/frr": false,
		"/usr/lib/x86_64-linux-gnu/gconv/UTF-16.so": true, "/usr/lib/x86_64-linux-gnu/libc.so.6": false, "/usr/lib/frr/zebra": false, "/etc/init.d/frr": true,
	} {
		if slim.out(name) != out {
			t.Errorf("%s: left out is %v", name, !out)
		}
	}
}

func FuzzAdd(f *testing.F) {
	f.Add("./usr/bin/x", byte('0'), "", int64(0o755))
	f.Add("../x", byte('2'), "/a", int64(0o7777))
	f.Fuzz(func(t *testing.T, name string, kind byte, link string, mode int64) {
		tree := newTree(t, Rules{LeaveOut: Slim()})
		put(t, tree, "/usr/x", "x")
		if err := tree.Add(&tar.Header{Name: name, Typeflag: kind, Linkname: link, Mode: mode}, strings.NewReader("x")); err != nil {
			return
		}
		if _, err := tree.Write(io.Discard, date); err != nil {
			return // names that archives cannot have
		}
	})
}
