// SPDX-License-Identifier: Apache-2.0

package mountpoint

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// place returns a folder whose subfolders can be marked.
func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Setxattr(dir, mark, nil, 0); err != nil {
		t.Skipf("needs root and a file system with extended attributes: %v", err)
	}
	if err := unix.Removexattr(dir, mark); err != nil {
		t.Fatal(err)
	}
	return dir
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func sweep(t *testing.T, path string) {
	t.Helper()
	if err := Sweep(path); err != nil {
		t.Error(err)
	}
}

func TestMadeAndSwept(t *testing.T) {
	dir := place(t)
	path := filepath.Join(dir, "a", "b")
	called := false
	if err := Use(path, func() error { called = there(path); return nil }); err != nil || !called {
		t.Fatalf("use: %v, made before: %v", err, called)
	}
	sweep(t, path)
	if there(filepath.Join(dir, "a")) || !there(dir) {
		t.Error("swept too little or too much")
	}
	sweep(t, path)
}

func TestWhatWasThereStays(t *testing.T) {
	path := filepath.Join(place(t), "a")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	sweep(t, path)
	if !there(path) {
		t.Error("a folder that nobody made was removed")
	}
}

func TestWhatIsNotEmptyStays(t *testing.T) {
	path := filepath.Join(place(t), "a")
	if err := MkdirAll(filepath.Join(path, "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	sweep(t, path)
	if !there(path) {
		t.Error("a folder with something in it was removed")
	}
}

func TestWhatIsMountedStays(t *testing.T) {
	path := filepath.Join(place(t), "a")
	mounted := func() error { return unix.Mount("tmpfs", path, "tmpfs", 0, "") }
	if err := Use(path, mounted); err != nil {
		t.Skipf("nothing can be mounted: %v", err)
	}
	// The mark is on the folder below the mount, which others still see.
	if err := unix.Setxattr(path, mark, nil, 0); err != nil {
		t.Logf("no mark on the mount: %v", err)
	}
	sweep(t, path)
	if err := unix.Unmount(path, 0); err != nil {
		t.Fatal(err)
	}
	if !there(path) {
		t.Error("a mount point was removed")
	}
	sweep(t, path)
	if there(path) {
		t.Error("it stays when nothing is mounted any more")
	}
}
