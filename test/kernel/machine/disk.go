// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// diskSize is what the disk can hold; the file is sparse.
const diskSize = "2G"

// diskDriver is the module that the kernel needs before it can read any other.
const diskDriver = "virtio_blk"

//go:embed early.sh
var early string // /init of the initramfs

//go:embed init.sh
var initScript string // /init of the disk

// writeDisk makes a file system of the folder root. No journal: a machine that
// lost power is not booted again.
func (m *Machine) writeDisk(ctx context.Context) error {
	if err := m.applets(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(m.root("init"), []byte(initScript), 0o755); err != nil {
		return err
	}
	return run(exec.CommandContext(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", m.root(), m.disk(), diskSize))
}

func (m *Machine) disk() string      { return filepath.Join(m.dir, "disk.img") }
func (m *Machine) initramfs() string { return filepath.Join(m.dir, "initramfs.cpio") }

// writeInitramfs makes the archive that the kernel boots from: what it takes to
// mount the disk. The modules get numbers, in the order in which to load them.
func (m *Machine) writeInitramfs(ctx context.Context) error {
	dir := filepath.Join(m.dir, "early")
	modules, err := m.driverModules(ctx)
	if err != nil {
		return err
	}
	from := Machine{dir: dir} // for its File
	for i, module := range modules {
		if err := from.File(module, fmt.Sprintf("modules/%d.ko", i)); err != nil {
			return fmt.Errorf("put module into the initramfs: %w", err)
		}
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	if err := from.File(busybox, "busybox"); err != nil {
		return fmt.Errorf("put busybox into the initramfs: %w", err)
	}
	if err := os.WriteFile(from.root("init"), []byte(early), 0o755); err != nil {
		return err
	}
	archive := exec.CommandContext(ctx, "sh", "-c", `find . | cpio --create --format newc --quiet > "$1"`, "sh", m.initramfs())
	archive.Dir = from.root()
	return run(archive)
}

// driverModules returns the files of the disk's drivers in the order to load.
func (m *Machine) driverModules(ctx context.Context) ([]string, error) {
	var files []string
	for _, driver := range []string{diskDriver, "virtio_pci"} {
		out, err := exec.CommandContext(ctx, "modprobe", "--dirname", m.kernel, "--set-version", m.release, "--show-depends", driver).Output()
		if err != nil {
			return nil, fmt.Errorf("modules for %s: %w", driver, err)
		}
		for line := range strings.Lines(string(out)) {
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "insmod "); ok {
				files = append(files, path)
			}
		}
	}
	return files, nil
}

// run runs a command whose output matters only when it fails.
func run(cmd *exec.Cmd) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}
