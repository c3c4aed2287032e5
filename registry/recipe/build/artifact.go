// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/linkspan/linkspan/registry/recipe/sbom"
)

// emptyJSON is the configuration of artifacts that have none (OCI image-spec 1.1, guidance
// for an empty descriptor).
const (
	emptyJSON = "application/vnd.oci.empty.v1+json"
	empty2    = "{}"
)

// artifact returns an artifact with an SBOM that refers to an image (OCI image-spec 1.1,
// guidelines for artifact usage).
func artifact(img v1.Image, text []byte, date time.Time) (v1.Image, error) {
	subject, err := partial.Descriptor(img)
	if err != nil {
		return nil, err
	}
	l := static.NewLayer(text, sbom.MediaType)
	digest, err := l.Digest()
	if err != nil {
		return nil, err
	}
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: sbom.MediaType,
		Config:      v1.Descriptor{MediaType: emptyJSON, Size: int64(len(empty2)), Digest: hashOf([]byte(empty2)), Data: []byte(empty2)},
		Layers:      []v1.Descriptor{{MediaType: sbom.MediaType, Size: int64(len(text)), Digest: digest, Annotations: map[string]string{"org.opencontainers.image.title": "sbom.spdx.json"}}},
		Subject:     &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest},
		Annotations: map[string]string{"org.opencontainers.image.created": date.UTC().Format(time.RFC3339)},
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&document{raw: raw, sbom: text})
}

func hashOf(text []byte) v1.Hash {
	sum := sha256.Sum256(text)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// document is an artifact of one file.
type document struct{ raw, sbom []byte }

// MediaType implements partial.CompressedImageCore.
func (d *document) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// RawManifest implements partial.CompressedImageCore.
func (d *document) RawManifest() ([]byte, error) { return d.raw, nil }

// RawConfigFile implements partial.CompressedImageCore.
func (d *document) RawConfigFile() ([]byte, error) { return []byte(empty2), nil }

// LayerByDigest implements partial.CompressedImageCore.
func (d *document) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if h == hashOf([]byte(empty2)) {
		return blob{[]byte(empty2), emptyJSON}, nil
	}
	return blob{d.sbom, sbom.MediaType}, nil
}

// blob is a file of an artifact.
type blob struct {
	text  []byte
	media types.MediaType
}

// Digest implements partial.CompressedLayer.
func (b blob) Digest() (v1.Hash, error) { return hashOf(b.text), nil }

// Compressed implements partial.CompressedLayer.
func (b blob) Compressed() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.text)), nil }

// Size implements partial.CompressedLayer.
func (b blob) Size() (int64, error) { return int64(len(b.text)), nil }

// MediaType implements partial.CompressedLayer.
func (b blob) MediaType() (types.MediaType, error) { return b.media, nil }
