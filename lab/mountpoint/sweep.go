// SPDX-License-Identifier: Apache-2.0

package mountpoint

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Sweep removes the folder and then those it lies in, as long as they are
// marked, empty and used by nobody. Any that is not ends the sweep and is no
// error.
func Sweep(path string) error {
	for ; marked(path); path = filepath.Dir(path) {
		removed, err := remove(path)
		if !removed || err != nil {
			return err
		}
	}
	return nil
}

func marked(path string) bool {
	_, err := unix.Lgetxattr(path, mark, nil)
	return err == nil
}

func remove(path string) (removed bool, err error) {
	unlock, err := lockParent(path, unix.LOCK_EX)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer unlock()
	used, err := mounted(path)
	if used || err != nil {
		return false, err
	}
	err = unix.Rmdir(path)
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("remove %s: %w", path, err)
	}
	return true, nil
}

// mounted reports whether path is a mount point for any process.
func mounted(path string) (bool, error) {
	lists, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		return false, fmt.Errorf("list mounts: %w", err)
	}
	for _, list := range lists {
		// A process that has ended meanwhile uses nothing.
		if used, err := holds(list, path); err == nil && used {
			return true, nil
		}
	}
	return false, nil
}

// holds reports whether a process's list of mounts has one on path.
func holds(list, path string) (bool, error) {
	f, err := os.Open(list)
	if err != nil {
		return false, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// proc(5): the fifth field is the mount point.
		if fields := strings.Fields(lines.Text()); len(fields) > 4 && fields[4] == path {
			return true, nil
		}
	}
	return false, lines.Err()
}
