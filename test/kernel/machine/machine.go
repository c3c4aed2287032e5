// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Machine is a machine that is being furnished, or that runs. It is for one
// goroutine.
type Machine struct {
	dir     string // everything that is made lies here
	kernel  string // the folder of an unpacked kernel package
	release string // as uname -r will print it
}

// New starts with an empty disk in dir, which must exist, for the one kernel
// that is unpacked in kernelDir (boot/vmlinuz-RELEASE, lib/modules/RELEASE with
// the index that depmod makes).
func New(dir, kernelDir string) (*Machine, error) {
	images, err := filepath.Glob(filepath.Join(kernelDir, "boot", "vmlinuz-*"))
	if err != nil {
		return nil, err
	}
	if len(images) != 1 {
		return nil, fmt.Errorf("%s has %d kernels, want one", kernelDir, len(images))
	}
	_, release, _ := strings.Cut(filepath.Base(images[0]), "-")
	m := &Machine{dir: dir, kernel: kernelDir, release: release}
	return m, m.skeleton()
}

// Release is the kernel's, as uname -r prints it in the machine.
func (m *Machine) Release() string { return m.release }

// Console is the file with what the kernel printed, from Boot on.
func (m *Machine) Console() string { return filepath.Join(m.dir, "console.log") }

func (m *Machine) root(path ...string) string {
	return filepath.Join(append([]string{m.dir, "root"}, path...)...)
}

// skeleton makes the folders of a merged /usr, the way Debian has it, and the
// modules, which the kernel then loads by itself as it needs them.
func (m *Machine) skeleton() error {
	for _, dir := range []string{
		"usr/bin", "usr/sbin", "usr/lib/modules", "usr/lib64", "usr/share", "etc", "dev", "proc", "sys", "run", "tmp", "root", "var/lib", "var/log",
	} {
		if err := os.MkdirAll(m.root(dir), 0o755); err != nil {
			return fmt.Errorf("make folders of the disk: %w", err)
		}
	}
	for link, target := range map[string]string{
		"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "var/run": "/run",
	} {
		if err := os.Symlink(target, m.root(link)); err != nil {
			return fmt.Errorf("make folders of the disk: %w", err)
		}
	}
	for path, text := range map[string]string{
		"etc/passwd":      "root:x:0:0:root:/root:/bin/sh\n",
		"etc/group":       "root:x:0:\n",
		"etc/resolv.conf": "",
		"etc/hosts":       "127.0.0.1 localhost\n",
	} {
		if err := os.WriteFile(m.root(path), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write %s of the disk: %w", path, err)
		}
	}
	modules := filepath.Join("lib/modules", m.release)
	if _, err := os.Stat(filepath.Join(m.kernel, modules, "modules.dep")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("modules of %s have no index: run depmod -b %s %s", m.release, m.kernel, m.release)
	}
	if err := os.CopyFS(m.root("usr", modules), os.DirFS(filepath.Join(m.kernel, modules))); err != nil {
		return fmt.Errorf("copy modules: %w", err)
	}
	return nil
}
