// SPDX-License-Identifier: Apache-2.0

package stick

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	godigest "github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan"
)

// The types of documents that Docker's tools write for the same.
const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
)

// visitor is called with each blob of an image, once: its descriptor and its content, which is
// read to its end. Documents come before what they name.
type visitor struct {
	source Source
	seen   map[string]bool
	visit  func(d v1.Descriptor, content io.Reader) error
}

// image goes through all blobs of an image. It returns the descriptor of its manifest or index.
func (v *visitor) image(digest string) (v1.Descriptor, error) {
	text, err := v.document(digest)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("image %s: %w", digest, err)
	}
	var kind struct {
		MediaType string          `json:"mediaType"`
		Manifests []v1.Descriptor `json:"manifests"`
		Config    *v1.Descriptor  `json:"config"`
		Layers    []v1.Descriptor `json:"layers"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return v1.Descriptor{}, fmt.Errorf("image %s: %w", digest, err)
	}
	d := v1.Descriptor{MediaType: kind.MediaType, Digest: godigest.FromBytes(text), Size: int64(len(text))}
	if d.MediaType == "" {
		d.MediaType = v1.MediaTypeImageManifest
	}
	return d, v.blobs(d, text, 0)
}

// document reads a manifest or an index and compares it with its digest.
func (v *visitor) document(digest string) ([]byte, error) {
	r, err := v.source.Blob(digest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	text, err := readAll(r, maxDocument)
	if err == nil && string(godigest.FromBytes(text)) != digest {
		err = changed(digest)
	}
	return text, err
}

func changed(digest string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: "blob " + digest + " was changed: its content has another digest", Hint: "export it again"}
}

// blobs goes through a document that was read, and all that it names.
func (v *visitor) blobs(d v1.Descriptor, text []byte, depth int) error {
	if v.seen[string(d.Digest)] {
		return nil
	}
	v.seen[string(d.Digest)] = true
	if err := v.visit(d, bytes.NewReader(text)); err != nil {
		return err
	}
	switch d.MediaType {
	case v1.MediaTypeImageIndex, dockerIndex:
		var index v1.Index
		if err := json.Unmarshal(text, &index); err != nil {
			return err
		}
		return v.manifests(index.Manifests, depth+1)
	case v1.MediaTypeImageManifest, dockerManifest:
		var manifest v1.Manifest
		if err := json.Unmarshal(text, &manifest); err != nil {
			return err
		}
		for _, blob := range append([]v1.Descriptor{manifest.Config}, manifest.Layers...) {
			if err := v.blob(blob); err != nil {
				return err
			}
		}
		return nil
	}
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s is of type %.80q, which is no image", d.Digest, d.MediaType)}
}

func (v *visitor) manifests(all []v1.Descriptor, depth int) error {
	if depth > maxDepth {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("indexes are nested deeper than %d", maxDepth)}
	}
	for _, d := range all {
		text, err := v.document(string(d.Digest))
		if err != nil {
			return err
		}
		if err := v.blobs(d, text, depth); err != nil {
			return err
		}
	}
	return nil
}

// blob goes through a config or a layer.
func (v *visitor) blob(d v1.Descriptor) error {
	if v.seen[string(d.Digest)] {
		return nil
	}
	v.seen[string(d.Digest)] = true
	if d.Size < 0 || d.Size > maxBlob {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("blob %s says that it has %d bytes", d.Digest, d.Size)}
	}
	r, err := v.source.Blob(string(d.Digest))
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	sum := sha256.New()
	counted := &counter{r: io.TeeReader(io.LimitReader(r, d.Size+1), sum)}
	if err := v.visit(d, counted); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return err
	}
	if counted.n != d.Size || "sha256:"+hex.EncodeToString(sum.Sum(nil)) != string(d.Digest) {
		return changed(string(d.Digest))
	}
	return nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
