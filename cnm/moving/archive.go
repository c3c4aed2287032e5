// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"

	"github.com/linkspan/linkspan"
)

// What is taken of an archive, in bytes: many small files make one larger than the image
// is told to be.
const (
	maxTable   = 1 << 20   // of a file that says what is in it
	archiveAdd = 256 << 20 // beside archiveFor times the size of the image
	archiveFor = 4
	maxTail    = 1 << 20 // of what fills it up
)

// archiveLimit is how large the archive of an image may be, in bytes.
func archiveLimit(size uint64) int64 {
	const most = 1 << 50 // no disk is larger
	return int64(min(size, most))*archiveFor + archiveAdd
}

// layerFile is what docker save calls all that is not a table: layers and what
// configures them, by their digests.
var layerFile = regexp.MustCompile(`^(blobs|blobs/sha256(/[0-9a-f]{64})?|[0-9a-f]{64}(\.json|/VERSION|/json|/layer\.tar)?)$`)

// layerLink is where a layer is that is in the archive already.
var layerLink = regexp.MustCompile(`^\.\./[0-9a-f]{64}/layer\.tar$`)

// sift copies an archive as docker save makes it to out, but for what names images: the
// other host chooses one image, and no name of this one's. An archive of more than one
// image, or with anything else in it, has code Invalid; it is then cut off.
func sift(out io.Writer, in io.Reader, limit int64) error {
	s := sieve{in: tar.NewReader(in), out: tar.NewWriter(out), left: limit, tables: make(map[string]bool)}
	for {
		h, err := s.in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, tar.ErrHeader) {
			return strange("it is no archive")
		}
		if err == nil {
			err = s.entry(h)
		}
		if err != nil {
			return err
		}
	}
	if !s.tables["manifest.json"] {
		return strange("it does not say what is in it")
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(in, maxTail)); err != nil || n == maxTail {
		return errors.Join(err, strange("it does not end"))
	}
	return s.out.Close()
}

type sieve struct {
	in     *tar.Reader
	out    *tar.Writer
	left   int64 // bytes
	tables map[string]bool
}

func (s *sieve) entry(h *tar.Header) error {
	name := path.Clean(h.Name)
	tables := map[string]func([]byte) ([]byte, error){"manifest.json": oneManifest, "index.json": oneIndex, "oci-layout": layout}
	if read, is := tables[name]; is {
		if s.tables[name] || h.Typeflag != tar.TypeReg {
			return strange("it has two of " + name)
		}
		s.tables[name] = true
		return s.table(name, read)
	}
	if name == "repositories" { // names of images
		return nil
	}
	plain := h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeSymlink && layerLink.MatchString(h.Linkname)
	if name == "." && h.Typeflag == tar.TypeDir {
		return nil
	}
	if !plain || !layerFile.MatchString(name) {
		return strange(fmt.Sprintf("it has %.100q", h.Name))
	}
	const block = 512
	if s.left -= h.Size + block; h.Size < 0 || s.left < 0 {
		return strange("it is larger than the image")
	}
	to := &tar.Header{Typeflag: h.Typeflag, Name: name, Linkname: h.Linkname, Size: h.Size, Mode: 0o644}
	if h.Typeflag == tar.TypeDir {
		to.Name, to.Mode = name+"/", 0o755
	}
	if err := s.out.WriteHeader(to); err != nil {
		return err
	}
	_, err := io.Copy(s.out, s.in)
	return err
}

// table writes a file of JSON as read makes it.
func (s *sieve) table(name string, read func([]byte) ([]byte, error)) error {
	raw, err := io.ReadAll(io.LimitReader(s.in, maxTable+1))
	if err != nil {
		return err
	}
	if len(raw) > maxTable {
		return strange(name + " is too large")
	}
	if raw, err = read(raw); err != nil {
		return err
	}
	if err := s.out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(raw)), Mode: 0o644}); err != nil {
		return err
	}
	_, err = io.Copy(s.out, bytes.NewReader(raw))
	return err
}

// oneManifest keeps the layers of an image and what configures it.
func oneManifest(raw []byte) ([]byte, error) {
	var images []struct {
		Config string
		Layers []string
	}
	if json.Unmarshal(raw, &images) != nil || len(images) != 1 {
		return nil, strange("it is not of one image")
	}
	return json.Marshal(images)
}

// oneIndex keeps the digest of an image.
func oneIndex(raw []byte) ([]byte, error) {
	type descriptor struct {
		MediaType string          `json:"mediaType"`
		Digest    string          `json:"digest"`
		Size      int64           `json:"size"`
		Platform  json.RawMessage `json:"platform,omitempty"`
	}
	var index struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType,omitempty"`
		Manifests     []descriptor `json:"manifests"`
	}
	if json.Unmarshal(raw, &index) != nil || len(index.Manifests) != 1 {
		return nil, strange("it is not of one image")
	}
	return json.Marshal(index)
}

// layout says of which kind an archive is.
func layout(raw []byte) ([]byte, error) {
	var l struct {
		Version string `json:"imageLayoutVersion"`
	}
	if json.Unmarshal(raw, &l) != nil {
		return nil, strange("its layout is not understood")
	}
	return json.Marshal(l)
}

func strange(what string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: "what came is not the archive of the image: " + what}
}
