// SPDX-License-Identifier: Apache-2.0

package stick

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/sign"
)

// The files of a stick.
const (
	scriptFile = "script.json"
	rootsDir   = "roots"
	imagesDir  = "images"
)

// Contents is what is written to a stick.
type Contents struct {
	Script []byte   // an envelope
	Roots  [][]byte // root documents; who has an older one goes on by them
	Images Source   // has every image that the script uses
}

// Write makes a folder with what a script needs; one that is there already is an error of code
// Exists. Told is called with the bytes of images that were written; nil: nobody is told. A
// crash leaves a folder that ends in .new, and nothing else.
func Write(dir string, c Contents, told func(bytes int64)) error {
	if err := absent(dir); err != nil {
		return err
	}
	s, _, err := sign.PeekStatement(c.Script)
	if err != nil {
		return err
	}
	made := dir + ".new"
	if err := os.RemoveAll(made); err != nil {
		return err
	}
	w := &writer{dir: made, told: told}
	if err := errors.Join(w.documents(c), w.images(s, c.Images)); err != nil {
		return errors.Join(err, os.RemoveAll(made))
	}
	return os.Rename(made, dir)
}

// absent refuses what is there already.
func absent(name string) error {
	_, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		return &linkspan.Error{Code: linkspan.Exists, Message: name + " is there already", Hint: "choose another name"}
	}
	return err
}

type writer struct {
	dir  string
	told func(int64)
}

// file makes a file, whole on disk.
func (w *writer) file(name string, content io.Reader) error {
	full := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Sync(), f.Close())
}

func (w *writer) documents(c Contents) error {
	err := w.file(scriptFile, bytes.NewReader(c.Script))
	for _, text := range c.Roots {
		r, rootErr := sign.FirstRoot(text)
		if rootErr != nil {
			return errors.Join(err, rootErr)
		}
		err = errors.Join(err, w.file(path.Join(rootsDir, fmt.Sprintf("%d.json", r.Version)), bytes.NewReader(text)))
	}
	return err
}

// images writes the layout.
func (w *writer) images(s *linkspan.Statement, source Source) error {
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{}}
	v := &visitor{source: source, seen: map[string]bool{}, visit: w.blob}
	for _, reference := range s.Script.Images() {
		d, err := v.image(s.Images[reference])
		if err != nil {
			return fmt.Errorf("image %s: %w", reference, err)
		}
		d.Annotations = map[string]string{v1.AnnotationRefName: reference}
		index.Manifests = append(index.Manifests, d)
	}
	text, err := json.Marshal(index)
	if err != nil {
		return err
	}
	layout, err := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err != nil {
		return err
	}
	return errors.Join(
		w.file(path.Join(imagesDir, v1.ImageIndexFile), bytes.NewReader(text)),
		w.file(path.Join(imagesDir, v1.ImageLayoutFile), bytes.NewReader(layout)),
	)
}

func (w *writer) blob(d v1.Descriptor, content io.Reader) error {
	name, err := blobName(string(d.Digest))
	if err != nil {
		return err
	}
	if err := w.file(path.Join(imagesDir, name), content); err != nil {
		return err
	}
	if w.told != nil {
		w.told(d.Size)
	}
	return nil
}

// sortedRoots returns the names of root documents in the order of their versions.
func sortedRoots(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	return names
}
