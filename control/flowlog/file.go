// SPDX-License-Identifier: Apache-2.0

package flowlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A log's file is moved to FILE.1 before it would grow beyond FileLimit bytes,
// FILE.1 to FILE.2 and so on; the last of KeptFiles is deleted.
const (
	FileLimit = 64 << 20
	KeptFiles = 4
)

// File is a file that is moved aside when it is full. It is for one writer.
// It is here because a few renames are less than a module for them, and none
// of its own goroutines must be waited for.
type File struct {
	path  string
	limit int64
	file  *os.File // nil after a failure
	size  int64
}

var _ io.WriteCloser = (*File)(nil)

// Open opens a file to append to it, with mode 0600 when it is new.
func Open(path string) (*File, error) {
	f := &File{path: path, limit: FileLimit}
	return f, f.open()
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, info.Size()
	return nil
}

// Write appends lines. After a failure the next call opens the file anew.
func (f *File) Write(lines []byte) (int, error) {
	if f.file != nil && f.size > 0 && f.size+int64(len(lines)) > f.limit {
		if err := f.rotate(); err != nil {
			return 0, err
		}
	}
	if f.file == nil {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	n, err := f.file.Write(lines)
	if err != nil { // a full disk took a part: the next line begins a line
		return 0, errors.Join(err, f.file.Truncate(f.size))
	}
	f.size += int64(n)
	return n, nil
}

// rotate moves the files by one; Write opens the new one.
func (f *File) rotate() error {
	if err := f.Close(); err != nil {
		return err
	}
	name := func(i int) string { return fmt.Sprintf("%s.%d", f.path, i) }
	for i := KeptFiles; i > 1; i-- {
		if err := os.Rename(name(i-1), name(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(f.path, name(1))
}

// Close closes the file.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}
