// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

type file struct{ name, content string }

var layer = "blobs/sha256/" + strings.Repeat("a", 64)

// saved is an archive of files; those that end with / are folders, and a content of ->
// and a name is a link.
func saved(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o644, Size: int64(len(f.content))}
		if link, is := strings.CutPrefix(f.content, "->"); is {
			h.Typeflag, h.Linkname, h.Size, f.content = tar.TypeSymlink, link, 0, ""
		} else if strings.HasSuffix(f.name, "/") {
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, f.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// manifest is that of an image with names.
func manifest(names ...string) string {
	one := map[string]any{"Config": layer, "Layers": []string{layer}}
	if len(names) > 0 {
		one["RepoTags"], one["Parent"] = names, "sha256:other"
		raw, _ := json.Marshal([]any{one})
		return string(raw)
	}
	return `[{"Config":"` + layer + `","Layers":["` + layer + `"]}]`
}

const (
	indexed = `{"schemaVersion":2,"manifests":[{"mediaType":"m","digest":"sha256:1","size":3,` +
		`"Annotations":{"io.containerd.image.name":"registry.example/library/postgres:16"}}]}`
	anonymous = `{"schemaVersion":2,"manifests":[{"mediaType":"m","digest":"sha256:1","size":3}]}`
)

// Of an archive the layers are taken, and no names.
func TestSift(t *testing.T) {
	old := strings.Repeat("b", 64)
	in := saved(t, file{"blobs/", ""}, file{"blobs/sha256/", ""}, file{layer, "layer"}, file{"index.json", indexed},
		file{"manifest.json", manifest("postgres:16")}, file{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`}, file{"repositories", `{"postgres":{"16":"x"}}`},
		file{old + "/", ""}, file{old + "/VERSION", "1.0"}, file{old + "/json", "{}"}, file{old + "/layer.tar", "->../" + old + "/layer.tar"}, file{old + ".json", "{}"})
	var out bytes.Buffer
	if err := sift(&out, bytes.NewReader(in), 1<<20); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = string(content)
	}
	want := map[string]string{
		"blobs/": "", "blobs/sha256/": "", layer: "layer", "index.json": anonymous, "manifest.json": manifest(), "oci-layout": `{"imageLayoutVersion":"1.0.0"}`,
		old + "/": "", old + "/VERSION": "1.0", old + "/json": "{}", old + "/layer.tar": "", old + ".json": "{}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dockerd is given (-want +got):\n%s", diff)
	}
}

// What else an archive may have is not handed on.
func TestStrangeArchives(t *testing.T) {
	good := file{"manifest.json", manifest()}
	two := strings.TrimSuffix(manifest(), "]") + "," + strings.TrimPrefix(manifest(), "[")
	for name, in := range map[string][]byte{
		"empty":              saved(t),
		"no archive":         bytes.Repeat([]byte("x"), 2048),
		"no manifest":        saved(t, file{layer, "x"}, file{"repositories", "{}"}),
		"no images":          saved(t, file{"manifest.json", "[]"}),
		"two images":         saved(t, file{"manifest.json", two}),
		"two manifests":      saved(t, good, file{"./manifest.json", manifest("postgres:16")}),
		"a manifest by link": saved(t, file{"manifest.json", "->x"}),
		"two in the index":   saved(t, good, file{"index.json", strings.Replace(indexed, `"manifests":[{`, `"manifests":[{"digest":"sha256:2"},{`, 1)}),
		"another file":       saved(t, good, file{"x", ""}),
		"a way out":          saved(t, good, file{"../" + layer, ""}),
		"a link":             saved(t, good, file{layer, "->../../manifest.json"}),
		"a large table":      saved(t, file{"manifest.json", manifest() + strings.Repeat(" ", maxTable)}),
		"a large layer":      saved(t, good, file{layer, strings.Repeat("x", 1<<16)}),
		"a tail":             append(saved(t, good), make([]byte, maxTail)...),
	} {
		if err := sift(io.Discard, bytes.NewReader(in), 1<<15); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := saved(t, good, file{layer, strings.Repeat("x", 1<<12)})
	if err := sift(io.Discard, bytes.NewReader(whole[:len(whole)/2]), 1<<15); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half of one: %v", err)
	}
}

// FuzzSift: what is handed on is one image without names.
func FuzzSift(f *testing.F) {
	f.Add(saved(f, file{"manifest.json", manifest("a:b")}, file{layer, "x"}))
	f.Add(saved(f, file{"index.json", indexed}, file{"manifest.json", manifest()}))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		if sift(&out, bytes.NewReader(in), 1<<16) != nil {
			return
		}
		for r := tar.NewReader(&out); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var images []map[string]any
			if h.Name == "manifest.json" && (json.NewDecoder(r).Decode(&images) != nil || len(images) != 1 || len(images[0]) != 2) || h.Name == "repositories" {
				t.Errorf("%s is %v", h.Name, images)
			}
		}
	})
}
