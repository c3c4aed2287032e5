// SPDX-License-Identifier: Apache-2.0

package stick_test

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/stick"
	"github.com/linkspan/linkspan/registry/stick/sticktest"
	"github.com/linkspan/linkspan/trust/sign"
)

// made returns what is to be carried: a script with two images, and the folder of its layout.
func made(t testing.TB) (c stick.Contents, s *linkspan.Statement, layout string) {
	t.Helper()
	layout = filepath.Join(t.TempDir(), "layout")
	k, err := sign.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	s = &linkspan.Statement{
		Type: linkspan.StatementType, Fleet: "f1", Targets: []string{"sw1"}, Epoch: 1, Serial: 1, Issued: now, Expires: now.Add(time.Hour),
		Images: sticktest.Layout(t, layout, "base/a:1", "base/b:1"),
		Script: linkspan.Script{Name: "branch", Targets: linkspan.Targets{Names: []string{"sw1"}}, Composites: []linkspan.Composite{{
			Name: "edge", Services: []linkspan.CompositeMember{{Name: "a", Image: "base/a:1"}, {Name: "b", Image: "base/b:1"}},
		}}},
	}
	envelope, err := sign.SealStatement(s, k)
	if err != nil {
		t.Fatal(err)
	}
	role := sign.Role{Threshold: 1, Keys: []sign.PublicKey{k.Public()}}
	for version := range uint64(11) {
		root, err := sign.SealRoot(&sign.Root{Type: sign.RootType, Fleet: "f1", Version: version + 1, Issued: now, Root: role, Scripts: role}, k)
		if err != nil {
			t.Fatal(err)
		}
		c.Roots = append(c.Roots, root)
	}
	c.Script, c.Images = envelope, stick.Layouts{layout}
	return c, s, layout
}

func TestThereAndBack(t *testing.T) {
	c, s, _ := made(t)
	dir := filepath.Join(t.TempDir(), "usb")
	var written int64
	if err := stick.Write(dir, c, func(n int64) { written += n }); err != nil {
		t.Fatal(err)
	}
	if err := stick.Write(dir, c, nil); linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("twice: %v", err)
	}
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := stick.Pack(b, dir); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same content is packed otherwise")
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := stick.Unpack(bytes.NewReader(one.Bytes()), again, 1<<20); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, again} {
		got, err := stick.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		var read int64
		if err := got.Verify(s, func(n int64) { read += n }); err != nil || read != written || read == 0 {
			t.Errorf("%d of %d bytes, %v", read, written, err)
		}
		if !bytes.Equal(got.Script, c.Script) || len(got.Roots) != 11 || !bytes.Equal(got.Roots[9], c.Roots[9]) {
			t.Error("the documents are others")
		}
		digest, err := stick.Layouts{filepath.Join(dir, "images")}.Resolve("base/a:1")
		if err != nil || digest != s.Images["base/a:1"] {
			t.Errorf("%s, %v", digest, err)
		}
	}
}

// TestTampered changes, cuts off and removes every blob of a stick, one after the other.
func TestTampered(t *testing.T) {
	c, s, layout := made(t)
	blobs, err := filepath.Glob(filepath.Join(layout, "blobs", "sha256", "*"))
	if err != nil || len(blobs) != 6 {
		t.Fatal(blobs, err)
	}
	for _, blob := range blobs {
		text, err := os.ReadFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		for name, wrong := range map[string][]byte{"changed": append([]byte("x"), text[1:]...), "longer": append(bytes.Clone(text), ' '), "cut off": text[:len(text)-1], "empty": {}, "": nil} {
			dir := filepath.Join(t.TempDir(), "usb")
			if err := stick.Write(dir, c, nil); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "images", "blobs", "sha256", filepath.Base(blob))
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if wrong != nil {
				if err := os.WriteFile(file, wrong, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := stick.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Verify(s, nil); err == nil {
				t.Errorf("%s %s is accepted", filepath.Base(blob)[:8], name)
			}
			if err := stick.Write(filepath.Join(t.TempDir(), "x"), stick.Contents{Script: c.Script, Images: got}, nil); err == nil {
				t.Errorf("%s %s is written", filepath.Base(blob)[:8], name)
			}
			got.Close()
		}
	}
}

func TestMissing(t *testing.T) {
	c, _, _ := made(t)
	if _, err := stick.Open(t.TempDir()); linkspan.CodeOf(err) != linkspan.Invalid || linkspan.HintOf(err) == "" {
		t.Error(err)
	}
	c.Images = stick.Layouts{t.TempDir()}
	dir := filepath.Join(t.TempDir(), "usb")
	if err := stick.Write(dir, c, nil); err == nil || !strings.Contains(err.Error(), "base/a:1") {
		t.Error(err)
	}
	if left, _ := filepath.Glob(dir + "*"); left != nil {
		t.Errorf("there is %q", left)
	}
	if _, err := (stick.Layouts{}).Resolve("base/x:1"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Error(err)
	}
}

// TestOutside has a stick whose names lead out of it.
func TestOutside(t *testing.T) {
	c, s, _ := made(t)
	dir := filepath.Join(t.TempDir(), "usb")
	if err := stick.Write(dir, c, nil); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "images", "blobs", "sha256", strings.TrimPrefix(s.Images["base/a:1"], "sha256:"))
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(name, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(moved, name); err != nil {
		t.Fatal(err)
	}
	got, err := stick.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if err := got.Verify(s, nil); err == nil {
		t.Error("it was followed")
	}
}

func packed(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileTar(t *testing.T) {
	for name, text := range map[string][]byte{
		"above":          packed(t, tar.Header{Name: "../script.json", Typeflag: tar.TypeReg}),
		"absolute":       packed(t, tar.Header{Name: "/etc/x", Typeflag: tar.TypeReg}),
		"a link":         packed(t, tar.Header{Name: "images", Linkname: "/etc", Typeflag: tar.TypeSymlink}),
		"a hard link":    packed(t, tar.Header{Name: "script.json", Linkname: "/etc/shadow", Typeflag: tar.TypeLink}),
		"a device":       packed(t, tar.Header{Name: "script.json", Typeflag: tar.TypeChar}),
		"another name":   packed(t, tar.Header{Name: "roots/1.json/x", Typeflag: tar.TypeReg}),
		"twice":          packed(t, tar.Header{Name: "script.json", Typeflag: tar.TypeReg}, tar.Header{Name: "script.json", Typeflag: tar.TypeReg}),
		"too much":       packed(t, tar.Header{Name: "script.json", Typeflag: tar.TypeReg, Size: 1 << 16}),
		"cut off":        packed(t, tar.Header{Name: "script.json", Typeflag: tar.TypeReg, Size: 1 << 12})[:1024],
		"something else": []byte(strings.Repeat("x", 1024)),
	} {
		dir := filepath.Join(t.TempDir(), "out")
		if err := stick.Unpack(bytes.NewReader(text), dir, 1<<15); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Errorf("%s: something stays", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packed(f, tar.Header{Name: "script.json", Typeflag: tar.TypeReg, Size: 10}))
	f.Add(packed(f, tar.Header{Name: "images/oci-layout", Typeflag: tar.TypeReg}))
	f.Fuzz(func(t *testing.T, text []byte) {
		top := t.TempDir()
		_ = stick.Unpack(bytes.NewReader(text), filepath.Join(top, "out"), 1<<16)
		entries, err := os.ReadDir(top)
		if err != nil || len(entries) > 1 {
			t.Errorf("%v, %v", entries, err)
		}
	})
}

// FuzzImage has the manifest of an image be anything: reading it ends, without following what has
// another digest.
func FuzzImage(f *testing.F) {
	f.Add([]byte(`{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"sha256:0"}]}`))
	f.Add([]byte(`{"config":{"digest":"sha256:00","size":-1},"layers":[{}]}`))
	c, s, _ := made(f)
	f.Fuzz(func(t *testing.T, manifest []byte) {
		dir := t.TempDir()
		digest := sign.Digest(manifest)
		name := filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, manifest, 0o644); err != nil {
			t.Fatal(err)
		}
		k, _ := sign.NewKey(rand.Reader)
		other := *s
		other.Images = map[string]string{"base/a:1": digest, "base/b:1": digest}
		envelope, err := sign.SealStatement(&other, k)
		if err != nil {
			t.Fatal(err)
		}
		_ = stick.Write(filepath.Join(t.TempDir(), "usb"), stick.Contents{Script: envelope, Images: stick.Layouts{dir, c.Images.(stick.Layouts)[0]}}, nil)
	})
}
