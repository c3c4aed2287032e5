// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk returns a folder with room for 256 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("linkspan-audit", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no disk of limited size can be made here, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
