// SPDX-License-Identifier: Apache-2.0

package sticktest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	godigest "github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Layout makes an OCI image layout in a folder with an image for each reference, all of which
// share a layer, and returns their digests.
func Layout(t testing.TB, dir string, references ...string) map[string]string {
	t.Helper()
	digests := map[string]string{}
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex}
	for _, reference := range references {
		m := v1.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
			Config: blob(t, dir, v1.MediaTypeImageConfig, []byte(`{"architecture":"amd64","os":"linux"}`)),
			Layers: []v1.Descriptor{blob(t, dir, v1.MediaTypeImageLayer, []byte("shared")), blob(t, dir, v1.MediaTypeImageLayer, []byte("of "+reference))},
		}
		d := blob(t, dir, v1.MediaTypeImageManifest, encode(t, m))
		d.Annotations = map[string]string{v1.AnnotationRefName: reference}
		index.Manifests, digests[reference] = append(index.Manifests, d), string(d.Digest)
	}
	write(t, filepath.Join(dir, v1.ImageIndexFile), encode(t, index))
	write(t, filepath.Join(dir, v1.ImageLayoutFile), encode(t, v1.ImageLayout{Version: v1.ImageLayoutVersion}))
	return digests
}

func blob(t testing.TB, dir, mediaType string, text []byte) v1.Descriptor {
	t.Helper()
	d := v1.Descriptor{MediaType: mediaType, Digest: godigest.FromBytes(text), Size: int64(len(text))}
	write(t, filepath.Join(dir, v1.ImageBlobsDir, "sha256", d.Digest.Encoded()), text)
	return d
}

func write(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
