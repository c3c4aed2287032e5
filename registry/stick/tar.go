// SPDX-License-Identifier: Apache-2.0

package stick

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan"
)

// maxFiles is how many files of a tar are read.
const maxFiles = 65536

// Pack writes the folder of a stick as one file (tar, as POSIX.1-2001 has it), the same for the
// same content.
func Pack(w io.Writer, dir string) error {
	t := tar.NewWriter(w)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !stickName.MatchString(name) {
			return err
		}
		return pack(t, dir, name)
	})
	return errors.Join(err, t.Close())
}

func pack(t *tar.Writer, dir, name string) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Size: info.Size(), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// Unpack makes a folder of a stick that is one file. At most most bytes are written. Errors of what is
// in it have code Invalid; nothing stays then.
func Unpack(r io.Reader, dir string, most int64) error {
	if err := absent(dir); err != nil {
		return err
	}
	w := &writer{dir: dir}
	err := unpack(tar.NewReader(r), w, most)
	if err != nil {
		return errors.Join(fmt.Errorf("unpack the stick: %w", err), os.RemoveAll(dir))
	}
	return nil
}

func unpack(t *tar.Reader, w *writer, left int64) error {
	for range maxFiles {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &linkspan.Error{Code: linkspan.Invalid, Message: "it is no tar", Err: err}
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg || !stickName.MatchString(h.Name) {
			return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%.80q is no file of a stick", h.Name)}
		}
		if left -= h.Size; left < 0 {
			return &linkspan.Error{Code: linkspan.Exhausted, Message: "it has more than there is room for"}
		}
		if err := w.file(h.Name, t); err != nil {
			return err
		}
	}
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("it has more than %d files", maxFiles)}
}
