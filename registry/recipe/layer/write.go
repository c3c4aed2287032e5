// SPDX-License-Identifier: Apache-2.0

package layer

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Written is what was written.
type Written struct {
	DiffID string `json:"diffID"` // SHA-256 of the archive, in hexadecimal
	Digest string `json:"digest"` // SHA-256 of what it is compressed to
	Size   int64  `json:"size"`   // of that, in bytes
	Files  int    `json:"files"`
}

// Write writes the layer as a compressed archive, in which everything is of one time. The
// same files give the same bytes, as long as the program is built with the same Go.
func (t *Tree) Write(w io.Writer, date time.Time) (Written, error) {
	out := &counted{w: w}
	digest, diff := sha256.New(), sha256.New()
	zip, err := gzip.NewWriterLevel(io.MultiWriter(out, digest), gzip.BestCompression)
	if err != nil {
		return Written{}, err
	}
	archive := tar.NewWriter(io.MultiWriter(zip, diff))
	files := t.sorted()
	for _, e := range files {
		if err := t.write(archive, e, date); err != nil {
			return Written{}, fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return Written{}, err
	}
	if err := zip.Close(); err != nil {
		return Written{}, err
	}
	return Written{DiffID: hex.EncodeToString(diff.Sum(nil)), Digest: hex.EncodeToString(digest.Sum(nil)), Size: out.n, Files: len(files)}, nil
}

// write writes one file.
func (t *Tree) write(archive *tar.Writer, e *entry, date time.Time) error {
	h := &tar.Header{Name: e.Path[1:], Mode: int64(e.Mode.Perm()), Uid: e.UID, Gid: e.GID, ModTime: date.UTC().Truncate(time.Second)}
	switch e.Mode.Type() {
	case fs.ModeDir:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		if e.Mode&fs.ModeSticky != 0 {
			h.Mode |= 0o1000
		}
	case fs.ModeSymlink:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.Link, 0o777
	default:
		h.Typeflag, h.Size = tar.TypeReg, e.size
	}
	if err := archive.WriteHeader(h); err != nil {
		return err
	}
	if e.Mode.IsRegular() {
		_, err := io.Copy(archive, io.NewSectionReader(t.spool, e.at, e.size))
		return err
	}
	return nil
}

// counted counts what is written.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
