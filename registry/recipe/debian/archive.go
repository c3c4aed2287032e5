// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxUnpacked bounds what one package may unpack to, in bytes; maxControl what is said of it.
const (
	maxUnpacked = 2 << 30
	maxControl  = 8 << 20
)

// memory is how much a decompressor may take, in bytes.
const memory = 128 << 20

// Read reads a package (deb(5), format 2.0): what is said of it, then its files. Visit gets
// each file with its content, which is gone after it returns.
func Read(r io.Reader, visit func(*tar.Header, io.Reader) error) (Paragraph, error) {
	members := &archive{r: r}
	if err := members.magic(); err != nil {
		return nil, err
	}
	var control Paragraph
	for number := 0; ; number++ {
		name, content, err := members.next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the package has no files")
		}
		if err != nil {
			return nil, err
		}
		switch base := strings.TrimSuffix(name, path.Ext(name)); {
		case number == 0:
			err = version(name, content)
		case control == nil && base == "control.tar" || name == "control.tar":
			control, err = readControl(name, content)
		case base == "data.tar" || name == "data.tar":
			if control == nil {
				return nil, errors.New("nothing is said of the package")
			}
			return control, files(name, content, visit)
		}
		if err != nil {
			return nil, err
		}
	}
}

func version(name string, content io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(content, 16))
	if err != nil {
		return err
	}
	if name != "debian-binary" || !bytes.HasPrefix(text, []byte("2.")) {
		return errors.New("it is not a package of format 2")
	}
	return nil
}

// readControl returns the paragraph in control.tar.
func readControl(name string, content io.Reader) (Paragraph, error) {
	var control Paragraph
	err := files(name, io.LimitReader(content, maxControl), func(h *tar.Header, r io.Reader) error {
		if path.Clean(h.Name) != "control" {
			return nil
		}
		all, err := ReadParagraphs(io.LimitReader(r, maxControl))
		if err == nil && len(all) != 1 {
			err = fmt.Errorf("the control file has %d paragraphs", len(all))
		}
		if err == nil {
			control = all[0]
		}
		return err
	})
	if err == nil && control.Get("Package") == "" {
		err = errors.New("the package has no name")
	}
	return control, err
}

// files visits the files of a tar archive that may be compressed, as its name says.
func files(name string, content io.Reader, visit func(*tar.Header, io.Reader) error) error {
	plain, err := decompress(path.Ext(name), content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer plain.Close()
	archive := tar.NewReader(&bounded{r: plain, left: maxUnpacked})
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := visit(h, archive); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func decompress(form string, r io.Reader) (io.ReadCloser, error) {
	switch form {
	case ".tar":
		return io.NopCloser(r), nil
	case ".gz":
		return gzip.NewReader(r)
	case ".xz":
		x, err := xz.ReaderConfig{}.NewReader(r)
		return io.NopCloser(x), err
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(memory), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("compression %q is not known", form)
}

// bounded is a reader of so many bytes and no more: the next one is an error, not the end.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("it unpacks to more than %d bytes", maxUnpacked)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// archive reads the members of an ar archive.
type archive struct {
	r    io.Reader
	rest *io.LimitedReader // of the member before
	pad  int64             // byte behind it
}

func (a *archive) magic() error {
	var magic [8]byte
	if _, err := io.ReadFull(a.r, magic[:]); err != nil || string(magic[:]) != "!<arch>\n" {
		return errors.New("it is not an archive of ar")
	}
	return nil
}

// next returns the next member, after what was not read of the one before.
func (a *archive) next() (name string, content io.Reader, err error) {
	if a.rest != nil {
		if _, err := io.CopyN(io.Discard, a.r, a.rest.N+a.pad); err != nil && !errors.Is(err, io.EOF) {
			return "", nil, err
		}
	}
	var head [60]byte
	if _, err := io.ReadFull(a.r, head[:]); err != nil {
		return "", nil, err
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(head[48:58]), " "), 10, 64)
	if err != nil || size < 0 || string(head[58:]) != "`\n" {
		return "", nil, errors.New("a member of the archive has no right head")
	}
	a.rest, a.pad = &io.LimitedReader{R: a.r, N: size}, size%2
	return strings.TrimSuffix(strings.TrimRight(string(head[:16]), " "), "/"), a.rest, nil
}
