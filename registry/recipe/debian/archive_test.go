// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// deb writes a package, its archives compressed in one of the forms.
func deb(t testing.TB, form, control string, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	member := func(name string, content []byte) {
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, 0, 0, 0, "100644", len(content))
		out.Write(content)
		if len(content)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	member("debian-binary", []byte("2.0\n"))
	member("control.tar"+form, compressed(t, form, map[string]string{"./control": control}))
	member("data.tar"+form, compressed(t, form, files))
	return out.Bytes()
}

func compressed(t testing.TB, form string, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch form {
	case ".xz":
		w, err = xz.NewWriter(&out)
	case ".zst":
		w, err = zstd.NewWriter(&out)
	case ".gz":
		w = gzip.NewWriter(&out)
	default:
		w = plain{&out}
	}
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(w)
	for name, text := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

const control = "Package: x\nVersion: 1:2.0-1\nDescription: short\n long\n .\n more\n"

func TestRead(t *testing.T) {
	for _, form := range []string{"", ".gz", ".xz", ".zst"} {
		found := ""
		p, err := Read(bytes.NewReader(deb(t, form, control, map[string]string{"./usr/x": "hello"})), func(h *tar.Header, r io.Reader) error {
			text, err := io.ReadAll(r)
			found += h.Name + "=" + string(text)
			return err
		})
		if err != nil || found != "./usr/x=hello" {
			t.Errorf("%q: %q, %v", form, found, err)
		}
		want := Paragraph{{"Package", "x"}, {"Version", "1:2.0-1"}, {"Description", "short\n long\n .\n more"}}
		if diff := cmp.Diff(want, p); diff != "" {
			t.Errorf("%q: %s", form, diff)
		}
		if p.String() != control {
			t.Errorf("%q is written as %q", control, p.String())
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := deb(t, ".gz", control, nil)
	none := func(*tar.Header, io.Reader) error { return nil }
	for name, text := range map[string][]byte{
		"nothing": nil, "no archive": []byte("!<arch>"), "short": whole[:80], "cut": whole[:len(whole)-40], "form": bytes.Replace(whole, []byte("data.tar.gz"), []byte("data.tar.lz"), 1),
		"version": bytes.Replace(whole, []byte("2.0\n"), []byte("3.0\n"), 1), "head": bytes.Replace(whole, []byte("`\n"), []byte("``"), 1),
		"no control": deb(t, ".gz", "Version: 1\n", nil),
	} {
		if _, err := Read(bytes.NewReader(text), none); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestReadParagraphs(t *testing.T) {
	all, err := ReadParagraphs(strings.NewReader("# x\n\nA: 1\nB:2\n more\n\n\nA: 3"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Paragraph{{{"A", "1"}, {"B", "2\n more"}}, {{"A", "3"}}}, all); diff != "" {
		t.Error(diff)
	}
	if rest := all[0].Without("b"); rest.Get("B") != "" || rest.Get("a") != "1" {
		t.Errorf("left is %v", rest)
	}
	for _, text := range []string{" a", "a", ":a"} {
		if _, err := ReadParagraphs(strings.NewReader(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestLicences(t *testing.T) {
	text := "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nFiles: *\nLicense: GPL-2+\n text\n\nLicense: BSD-3-clause\n\nLicense: GPL-2+\n"
	if diff := cmp.Diff([]string{"BSD-3-clause", "GPL-2+"}, Licences([]byte(text))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"GPL-2", "LGPL-2.1"}, Licences([]byte("see /usr/share/common-licenses/LGPL-2.1. and `/usr/share/common-licenses/GPL-2'"))); diff != "" {
		t.Error(diff)
	}
	if got := Licences([]byte("License: free\n")); len(got) != 0 {
		t.Errorf("licences of a file in another form are %v", got)
	}
}

func TestStatusLine(t *testing.T) {
	if percent, text, ok := statusLine("dlstatus:1:20.5:Retrieving file 1 of 3"); !ok || percent != 20.5 || text != "Retrieving file 1 of 3" {
		t.Errorf("got %v, %q, %v", percent, text, ok)
	}
	for _, line := range []string{"", "pmstatus:a:1:b", "dlstatus:1:x:y", "dlstatus:1"} {
		if _, _, ok := statusLine(line); ok {
			t.Errorf("%q is understood", line)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, form := range []string{"", ".gz", ".xz", ".zst"} {
		f.Add(deb(f, form, control, map[string]string{"./usr/x": "hello"}))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = Read(bytes.NewReader(text), func(_ *tar.Header, r io.Reader) error {
			_, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			return err
		})
	})
}

func FuzzReadParagraphs(f *testing.F) {
	f.Add(control)
	f.Add("A: 1\n\nB: 2\n c\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ReadParagraphs(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, p := range all {
			again, err := ReadParagraphs(strings.NewReader(p.String()))
			if err != nil || len(again) != 1 || len(again[0]) != len(p) {
				t.Fatalf("%q is read as %q, %v", p.String(), again, err)
			}
		}
	})
}
