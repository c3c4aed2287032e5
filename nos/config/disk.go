// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"os"
)

// Disk is a directory of files. What it returns an error of may or may not have
// happened.
type Disk interface {
	// List returns the names of all files.
	List() ([]string, error)
	// Read returns a file; the error is fs.ErrNotExist if there is none.
	Read(name string) ([]byte, error)
	// Write makes a file, or one in its place, and returns when its content would
	// outlast a loss of power. Whether its name does is for Sync.
	Write(name string, data []byte) error
	// Rename gives a file another name, in place of the file that has it.
	Rename(from, to string) error
	// Remove removes a file.
	Remove(name string) error
	// Sync returns when all names would outlast a loss of power.
	Sync() error
}

// Directory is a directory of the machine that only its owner can read.
type Directory struct{ root *os.Root }

var _ Disk = (*Directory)(nil)

// OpenDirectory opens a directory, and makes it if there is none. It is closed by Close.
func OpenDirectory(path string) (*Directory, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of revisions: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the directory of revisions: %w", err)
	}
	return &Directory{root}, nil
}

// Close closes the directory.
func (d *Directory) Close() error { return d.root.Close() }

// List returns the names of all files.
func (d *Directory) List() ([]string, error) {
	dir, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(-1)
	return names, errors.Join(err, dir.Close())
}

// Read returns a file.
func (d *Directory) Read(name string) ([]byte, error) { return d.root.ReadFile(name) }

// Write makes a file that its owner alone can read, and syncs it.
func (d *Directory) Write(name string, data []byte) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Rename gives a file another name.
func (d *Directory) Rename(from, to string) error { return d.root.Rename(from, to) }

// Remove removes a file.
func (d *Directory) Remove(name string) error { return d.root.Remove(name) }

// Sync syncs the directory.
func (d *Directory) Sync() error {
	dir, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
