// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
)

// buffer is how much is written at once, in bytes.
const buffer = 64 << 10

// errEnded is the error of what is done with a writer that has ended.
var errEnded = errors.New("the upload has ended")

// writer writes a file that is synced when it is committed.
type writer struct {
	file             *os.File
	buffered         *bufio.Writer
	size             int64
	closed, complete bool
}

var _ storagedriver.FileWriter = (*writer)(nil)

// newWriter opens a file, to write it anew or at its end.
func newWriter(path string, more bool) (*writer, error) {
	flags := os.O_WRONLY | os.O_CREATE
	if !more {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &writer{file: f, buffered: bufio.NewWriterSize(f, buffer), size: size}, nil
}

// Write implements the interface.
func (w *writer) Write(p []byte) (int, error) {
	if w.closed || w.complete {
		return 0, errEnded
	}
	n, err := w.buffered.Write(p)
	w.size += int64(n)
	return n, err
}

// Size implements the interface.
func (w *writer) Size() int64 { return w.size }

// Close implements the interface: what was written can be read, and gone on with.
func (w *writer) Close() error {
	if w.closed {
		return errEnded
	}
	w.closed = true
	return errors.Join(w.buffered.Flush(), w.file.Close())
}

// Cancel implements the interface.
func (w *writer) Cancel(context.Context) error {
	if w.closed {
		return errEnded
	}
	w.closed = true
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

// Commit implements the interface: what was written outlasts a loss of power.
func (w *writer) Commit(context.Context) error {
	if w.closed || w.complete {
		return errEnded
	}
	w.complete = true
	return errors.Join(w.buffered.Flush(), w.file.Sync())
}
