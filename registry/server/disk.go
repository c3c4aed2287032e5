// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// disk is where images are. Pushes leave some of it free, so that what else is written
// (users, tags, what was deleted) does not fail.
type disk struct {
	dir     string
	reserve int64
}

// room returns an error if fewer than want bytes are free above the reserve. The
// error is Exhausted, and [errNoSpace] inside.
func (d disk) room(want int64) error {
	var s unix.Statfs_t
	if err := unix.Statfs(d.dir, &s); err != nil {
		return nil //nolint:nilerr // whoever writes learns why
	}
	if free := int64(s.Bavail) * s.Bsize; free-d.reserve < want {
		return &linkspan.Error{
			Code: linkspan.Exhausted, Message: fmt.Sprintf("%d MB are free, of which %d MB are kept", free/1e6, d.reserve/1e6),
			Hint: "remove images with linkspan image rm, then linkspan image gc, or give the registry a larger disk", Err: errNoSpace,
		}
	}
	return nil
}

// looks is how much is written between two looks at the disk, in bytes.
const looks = 4 << 20

// fullness sees to it that one request leaves the reserve free.
type fullness struct {
	disk  disk
	found atomic.Pointer[error]
}

// begin refuses what would not fit.
func (f *fullness) begin(r *http.Request) error {
	return f.look(max(r.ContentLength, 1))
}

func (f *fullness) look(want int64) error {
	err := f.disk.room(want)
	if err != nil {
		f.found.Store(&err)
	}
	return err
}

// err returns why there was no space, or nil. It looks again: others may have filled the disk.
func (f *fullness) err() error {
	if e := f.found.Load(); e != nil {
		return *e
	}
	return (disk{f.disk.dir, f.disk.reserve / 2}).room(1)
}

// ended says whether the request was ended for want of space.
func (f *fullness) ended() bool { return f.found.Load() != nil }

// reading returns a body that ends with an error when there is no more space.
func (f *fullness) reading(body io.ReadCloser) io.ReadCloser {
	return &watched{ReadCloser: body, full: f}
}

type watched struct {
	io.ReadCloser
	full *fullness
	read int64 // since the last look
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	if w.read >= looks {
		w.read = 0
		if err := w.full.look(1); err != nil {
			return 0, err
		}
	}
	n, err := w.ReadCloser.Read(p)
	w.read += int64(n)
	return n, err
}

// Writable returns an error while there is no room for pushes. The error is Exhausted.
func (s *Server) Writable() error { return s.disk.room(1) }
