// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/debian"
)

// Folders in images: what the packages and the programs of an image are is written there, a
// file each, in the form of control files. Scanners of images know the first.
const (
	packagesDir = "/var/lib/dpkg/status.d"
	programsDir = "/usr/share/linkspan/programs"
)

// maxNote bounds what is read of a file of an image.
const maxNote = 4 << 20

// there is what an image has already.
type there struct {
	name      string
	image     v1.Image
	packages  []debian.Paragraph
	programs  []debian.Paragraph
	licences  map[string][]string // by package
	libraries []string
	passwd    string
	group     string
}

// base returns the image that a recipe is made on: a recipe that Linkspan brings, by name; one
// in another folder, ./slim; an image of an OCI layout, oci:FOLDER; or one of a registry, by digest.
func (w *work) base(ctx context.Context, s recipe.Source, r *recipe.Recipe, depth int) (*there, error) {
	var img v1.Image
	var err error
	switch name := r.Base; {
	case name == "":
		img = mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		return &there{image: img}, nil
	case strings.HasPrefix(name, "oci:"):
		img, err = fromLayout(beside(s, strings.TrimPrefix(name, "oci:")))
	case strings.Contains(name, "@sha256:"):
		if w.Pull == nil {
			return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "no registry is asked for " + name}
		}
		w.tell("getting "+name, 0)
		img, err = w.Pull(name)
	default:
		from, err := recipe.Find(beside(s, name))
		if err != nil {
			return nil, err
		}
		made, err := w.build(ctx, from, depth+1)
		if err != nil {
			return nil, err
		}
		img = made.image
	}
	if err != nil {
		return nil, err
	}
	return look(r.Base, img)
}

// beside returns where a folder is that is named from a recipe's: ./ and ../ are from its own.
func beside(s recipe.Source, name string) string {
	if s.Dir != "" && strings.HasPrefix(name, ".") {
		return filepath.Join(s.Dir, name)
	}
	return name
}

// fromLayout returns the only image of an OCI layout.
func fromLayout(dir string) (v1.Image, error) {
	p, err := layout.FromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("read the OCI layout %s: %w", dir, err)
	}
	index, err := p.ImageIndex()
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var found []v1.Hash
	for _, d := range m.Manifests {
		if (d.ArtifactType == "" || d.ArtifactType == string(types.OCIConfigJSON)) && (d.MediaType == types.OCIManifestSchema1 || d.MediaType == types.DockerManifestSchema2) {
			found = append(found, d.Digest)
		}
	}
	if len(found) != 1 {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("the OCI layout %s has %d images, not one", dir, len(found))}
	}
	return p.Image(found[0])
}

// look reads what is in an image.
func look(name string, img v1.Image) (*there, error) {
	t := &there{name: name, image: img, licences: make(map[string][]string)}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	for _, l := range layers {
		if err := t.layer(l); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return t, nil
}

func (t *there) layer(l v1.Layer) error {
	content, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = t.file(path.Clean("/"+h.Name), archive)
		}
		if err != nil {
			return err
		}
	}
}

// file reads one file, if it says something.
func (t *there) file(name string, content io.Reader) error {
	dir, base := path.Split(name)
	if strings.Contains(base, ".so") {
		t.libraries = append(t.libraries, base)
	}
	switch dir = path.Clean(dir); {
	case name == "/etc/passwd":
		return text(content, &t.passwd)
	case name == "/etc/group":
		return text(content, &t.group)
	case dir == packagesDir:
		return paragraphs(content, &t.packages)
	case dir == programsDir:
		return paragraphs(content, &t.programs)
	case base == "copyright" && path.Dir(dir) == "/usr/share/doc":
		all, err := io.ReadAll(io.LimitReader(content, maxNote))
		if err == nil {
			t.licences[path.Base(dir)] = debian.Licences(all)
		}
		return err
	}
	return nil
}

func text(content io.Reader, into *string) error {
	all, err := io.ReadAll(io.LimitReader(content, maxNote))
	*into = string(all)
	return err
}

func paragraphs(content io.Reader, into *[]debian.Paragraph) error {
	all, err := debian.ReadParagraphs(io.LimitReader(content, maxNote))
	*into = append(*into, all...)
	return err
}
