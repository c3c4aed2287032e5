// SPDX-License-Identifier: Apache-2.0

package stick

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/sign"
)

// maxRoots is how many root documents of a stick are read.
const maxRoots = 1024

// Stick is a stick that is read. It is closed by Close.
type Stick struct {
	Script []byte   // the envelope; nobody has judged it
	Roots  [][]byte // root documents by their version; likewise

	root *os.Root
}

var _ Source = (*Stick)(nil)

// Open reads a folder. Whether its images are whole [Stick.Verify] says. Errors of what is on it
// have code Invalid.
func Open(dir string) (*Stick, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the stick: %w", err)
	}
	s := &Stick{root: root}
	if err := s.documents(); err != nil {
		return nil, errors.Join(fmt.Errorf("stick %s: %w", dir, err), root.Close())
	}
	return s, nil
}

// Close closes the folder.
func (s *Stick) Close() error { return s.root.Close() }

func (s *Stick) documents() (err error) {
	if s.Script, err = s.read(scriptFile, sign.MaxEnvelope); err != nil {
		return err
	}
	entries, err := fs.ReadDir(s.root.FS(), rootsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if rootName.MatchString(path.Join(rootsDir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	if len(names) > maxRoots {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("it has %d root documents, at most %d are read", len(names), maxRoots)}
	}
	for _, name := range sortedRoots(names) {
		text, err := s.read(path.Join(rootsDir, name), maxDocument)
		if err != nil {
			return err
		}
		s.Roots = append(s.Roots, text)
	}
	return nil
}

// read reads a bounded file.
func (s *Stick) read(name string, most int64) ([]byte, error) {
	f, err := s.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "it has no " + name, Hint: "linkspan script export"}
	}
	if err != nil {
		return nil, err
	}
	text, err := readAll(f, most)
	return text, errors.Join(err, f.Close())
}

// Blob implements Source.
func (s *Stick) Blob(digest string) (io.ReadCloser, error) {
	name, err := blobName(digest)
	if err != nil {
		return nil, err
	}
	return s.root.Open(path.Join(imagesDir, name))
}

// Verify reads all images of a statement and compares each blob with its digest. Told is called
// with the bytes that were read; nil: nobody is told.
func (s *Stick) Verify(statement *linkspan.Statement, told func(bytes int64)) error {
	v := &visitor{source: s, seen: map[string]bool{}, visit: func(d v1.Descriptor, content io.Reader) error {
		_, err := io.Copy(io.Discard, content)
		if err == nil && told != nil {
			told(d.Size)
		}
		return err
	}}
	for _, reference := range statement.Script.Images() {
		if _, err := v.image(statement.Images[reference]); err != nil {
			return fmt.Errorf("image %s: %w", reference, err)
		}
	}
	return nil
}

// The names that a stick has. They are never changed.
var (
	rootName  = regexp.MustCompile(`^roots/[1-9][0-9]{0,17}\.json$`)
	stickName = regexp.MustCompile(`^(script\.json|roots/[1-9][0-9]{0,17}\.json|images/(oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}))$`)
)
