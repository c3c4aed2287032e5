// SPDX-License-Identifier: Apache-2.0

package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe/sbom"
)

// refName is the annotation by which an OCI layout names an image (OCI image-spec 1.1, annotations).
const refName = "org.opencontainers.image.ref.name"

// sbomSuffix is what the SBOM of an image is called by in a layout, behind the image's name.
const sbomSuffix = ".sbom"

// maxIndex bounds what is read of a layout's index, in bytes.
const maxIndex = 4 << 20

// Reference is what the image is called: NAME:VERSION.
func (i *Image) Reference() string { return i.Name + ":" + i.Version }

// WriteLayout writes the image and its SBOM into an OCI layout, a folder, which is made or has
// other images already; one of the same name goes. After any crash the layout is whole.
func (i *Image) WriteLayout(dir string) error {
	index, err := readIndex(dir)
	if err != nil {
		return err
	}
	if err := whole(filepath.Join(dir, "oci-layout"), func(f *os.File) error {
		_, err := f.WriteString(`{"imageLayoutVersion":"1.0.0"}` + "\n")
		return err
	}); err != nil {
		return err
	}
	own, err := i.descriptors()
	if err != nil {
		return err
	}
	for _, img := range []v1.Image{i.image, i.artifact} {
		if err := writeBlobs(dir, img); err != nil {
			return err
		}
	}
	index.Manifests = append(without(index.Manifests, own[0].Annotations[refName], i.Architecture), own...)
	return whole(filepath.Join(dir, "index.json"), func(f *os.File) error { return json.NewEncoder(f).Encode(index) })
}

// readIndex returns the index of a layout, an empty one of none.
func readIndex(dir string) (*v1.IndexManifest, error) {
	index := &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	f, err := os.Open(filepath.Join(dir, "index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		left, err := os.ReadDir(dir)
		if err == nil && len(left) > 0 && (len(left) > 2 || left[0].Name() != "blobs") { // what a crash leaves is blobs and oci-layout
			return nil, &linkspan.Error{Code: linkspan.Exists, Message: dir + " is a folder with other things", Hint: "name a new folder, or an OCI layout"}
		}
		return index, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxIndex)).Decode(index); err != nil {
		return nil, fmt.Errorf("read the index of %s: %w", dir, err)
	}
	return index, nil
}

// without returns the manifests but for those of the image of that name, and what refers to it.
func without(all []v1.Descriptor, reference, architecture string) []v1.Descriptor {
	var rest []v1.Descriptor
	for _, d := range all {
		if strings.TrimSuffix(d.Annotations[refName], sbomSuffix) == reference && (d.Platform == nil || d.Platform.Architecture == architecture) {
			continue
		}
		rest = append(rest, d)
	}
	return rest
}

// descriptors are those of the image and of its SBOM, as a layout's index has them.
func (i *Image) descriptors() ([]v1.Descriptor, error) {
	d, err := partial.Descriptor(i.image)
	if err != nil {
		return nil, err
	}
	d.ArtifactType, d.Annotations = "", map[string]string{refName: i.Reference()}
	d.Platform = &v1.Platform{OS: "linux", Architecture: i.Architecture}
	s, err := partial.Descriptor(i.artifact)
	if err != nil {
		return nil, err
	}
	s.ArtifactType, s.Platform = sbom.MediaType, &v1.Platform{OS: "linux", Architecture: i.Architecture}
	s.Annotations = map[string]string{refName: i.Reference() + sbomSuffix}
	return []v1.Descriptor{*d, *s}, nil
}

// writeBlobs writes the manifest, the configuration and the layers that are not there yet.
func writeBlobs(dir string, img v1.Image) error {
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	blobs := []partial.CompressedLayer{blob{text: config}}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		blobs = append(blobs, l)
	}
	for _, b := range append(blobs, blob{text: raw}) { // the manifest last
		if err := writeBlob(dir, b); err != nil {
			return err
		}
	}
	return nil
}

func writeBlob(dir string, b partial.CompressedLayer) error {
	digest, err := b.Digest()
	if err != nil {
		return err
	}
	size, err := b.Size()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "blobs", digest.Algorithm, digest.Hex)
	if info, err := os.Stat(file); err == nil && info.Size() == size {
		return nil
	}
	content, err := b.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	return whole(file, func(f *os.File) error {
		_, err := io.Copy(f, content)
		return err
	})
}

// archiveHost is the registry in the name of an image that is in none.
const archiveHost = "linkspan.local"

// WriteArchive writes the image as an archive that docker load reads. Its name there is the
// reference, NAME:VERSION if that is empty.
func (i *Image) WriteArchive(w io.Writer, reference string) error {
	if reference == "" {
		reference = i.Reference()
	}
	tag, err := name.NewTag(reference, name.WithDefaultRegistry(archiveHost))
	if err != nil {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "reference " + reference + " is not understood", Err: err}
	}
	return tarball.Write(tag, i.image, w)
}
