// SPDX-License-Identifier: Apache-2.0

package mountpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mark is the attribute of folders that a lab made; only root sees those of
// this kind (xattr(7)).
const mark = "trusted.linkspan.lab"

// MkdirAll is os.MkdirAll, marking what it makes.
func MkdirAll(path string, perm os.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	err := os.Mkdir(path, perm)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	// Without the mark the folder stays in the end, which is all the harm.
	_ = unix.Setxattr(path, mark, []byte{}, 0)
	return nil
}

// Use makes the folder if it is missing and calls mount, during which nobody
// sweeps the folder.
func Use(path string, mount func() error) error {
	if err := MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	unlock, err := lockParent(path, unix.LOCK_SH)
	if err != nil {
		return err
	}
	defer unlock()
	if err := MkdirAll(path, 0o755); err != nil {
		return err
	}
	return mount()
}

// lockParent locks the folder that path is in. The kernel lets go of the lock if
// the holder dies.
func lockParent(path string, how int) (unlock func(), err error) {
	parent, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(parent.Fd()), how)
		if err == nil {
			return func() { parent.Close() }, nil
		}
		if !errors.Is(err, unix.EINTR) {
			parent.Close()
			return nil, fmt.Errorf("lock %s: %w", parent.Name(), err)
		}
	}
}
