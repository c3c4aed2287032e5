// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Create makes a network namespace with its loopback up, and keeps it at path
// until Destroy, whoever is in it. What an earlier process left there is
// replaced; the folder is made if missing. On an error nothing is left.
func Create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder of sandboxes: %w", err)
	}
	if err := Destroy(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
	if err != nil {
		return fmt.Errorf("make sandbox %s: %w", path, err)
	}
	if err := errors.Join(file.Close(), onThread(func() error { return newAt(path) })); err != nil {
		return errors.Join(fmt.Errorf("make sandbox %s: %w", path, err), Destroy(path))
	}
	return nil
}

// newAt works on a thread of its own, which ends after it.
func newAt(path string) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("new network namespace: %w", err)
	}
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		return fmt.Errorf("set loopback up: %w", err)
	}
	if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("keep network namespace: %w", err)
	}
	return nil
}

// Destroy lets go of the namespace at path, which ends with its last process
// and socket. One that is not there is fine.
func Destroy(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove sandbox %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove sandbox: %w", err)
	}
	return nil
}
