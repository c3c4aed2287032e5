// SPDX-License-Identifier: Apache-2.0

package stick

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan"
)

// Limits of what is read.
const (
	maxDocument = 4 << 20  // bytes of an index, a manifest or a root document
	maxBlob     = 16 << 30 // bytes of a layer
	maxDepth    = 4        // of indexes in indexes
)

// Source has blobs by their digests.
type Source interface {
	// Blob opens a blob; the error is fs.ErrNotExist if there is none. What is read is not judged.
	Blob(digest string) (io.ReadCloser, error)
}

// Layouts are folders with OCI image layouts, asked one after the other.
type Layouts []string

var _ Source = Layouts(nil)

// Blob implements Source.
func (l Layouts) Blob(digest string) (io.ReadCloser, error) {
	name, err := blobName(digest)
	if err != nil {
		return nil, err
	}
	for _, dir := range l {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("blob %s: %w", digest, fs.ErrNotExist)
}

// blobName is where a layout has a blob.
func blobName(digest string) (string, error) {
	if !linkspan.IsDigest(digest) {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%.80q is no digest of SHA-256", digest)}
	}
	return path.Join(v1.ImageBlobsDir, "sha256", strings.TrimPrefix(digest, "sha256:")), nil
}

// Resolve returns the digest of an image that a layout has under a reference, as its annotation
// org.opencontainers.image.ref.name says. The error has code NotFound if none has it.
func (l Layouts) Resolve(reference string) (digest string, err error) {
	for _, dir := range l {
		f, err := os.Open(filepath.Join(dir, v1.ImageIndexFile))
		if err != nil {
			return "", fmt.Errorf("read the layout: %w", err)
		}
		var index v1.Index
		err = errors.Join(decode(f, &index), f.Close())
		if err != nil {
			return "", fmt.Errorf("read the layout %s: %w", dir, err)
		}
		for _, m := range index.Manifests {
			if m.Annotations[v1.AnnotationRefName] == reference {
				return string(m.Digest), nil
			}
		}
	}
	return "", &linkspan.Error{
		Code: linkspan.NotFound, Message: "no layout has an image " + reference,
		Hint: "linkspan image build, or name its digest: --image " + reference + "=sha256:...",
	}
}

// decode reads a bounded JSON document.
func decode(r io.Reader, into any) error {
	text, err := readAll(r, maxDocument)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// readAll reads at most most bytes; more are an error.
func readAll(r io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("it is longer than %d bytes", most)}
	}
	return text, err
}
