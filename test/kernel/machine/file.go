// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// File puts a file of this machine on the disk, with its permissions, where
// path says.
func (m *Machine) File(source, path string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.root(path)), 0o755); err != nil {
		return err
	}
	to, err := os.OpenFile(m.root(path), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// Script puts a program of this text on the disk.
func (m *Machine) Script(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(m.root(path)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(m.root(path), []byte(text), 0o755)
}

// Folder puts a folder of this machine, with everything in it, on the disk.
func (m *Machine) Folder(source, path string) error {
	if err := os.CopyFS(m.root(path), os.DirFS(source)); err != nil {
		return fmt.Errorf("put %s on the disk: %w", source, err)
	}
	return nil
}

// Programs puts programs of this machine on the disk where they are here, each
// with the libraries that it is linked to.
func (m *Machine) Programs(ctx context.Context, names ...string) error {
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			return fmt.Errorf("program for the disk: %w", err)
		}
		if err := m.Program(ctx, path, path); err != nil {
			return err
		}
	}
	return nil
}

// Program puts the program at source on the disk where path says, with the
// libraries that it is linked to.
func (m *Machine) Program(ctx context.Context, source, path string) error {
	if err := m.File(source, path); err != nil {
		return fmt.Errorf("put %s on the disk: %w", source, err)
	}
	libraries, err := librariesOf(ctx, source)
	if err != nil {
		return err
	}
	for _, library := range libraries {
		if _, err := os.Stat(m.root(library)); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := m.File(library, library); err != nil {
			return fmt.Errorf("put %s on the disk for %s: %w", library, source, err)
		}
	}
	return nil
}

var libraryPath = regexp.MustCompile(`(/\S+) \(0x`)

// librariesOf returns what ldd(1) finds; it fails for a static program, which
// has none.
func librariesOf(ctx context.Context, program string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", program).Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("libraries of %s: %w", program, err)
	}
	var paths []string
	for _, found := range libraryPath.FindAllSubmatch(out, -1) {
		paths = append(paths, string(found[1]))
	}
	return paths, nil
}

// applets makes busybox answer to every name that no other program has.
func (m *Machine) applets(ctx context.Context) error {
	if err := m.Programs(ctx, "busybox", "modprobe"); err != nil {
		return err
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	names, err := exec.CommandContext(ctx, busybox, "--list").Output()
	if err != nil {
		return fmt.Errorf("busybox --list: %w", err)
	}
	for _, name := range regexp.MustCompile(`\S+`).FindAllString(string(names), -1) {
		if m.has("usr/bin/"+name) || m.has("usr/sbin/"+name) {
			continue
		}
		if err := os.Symlink("/"+filepath.Join("usr/bin", filepath.Base(busybox)), m.root("usr/bin", name)); err != nil {
			return fmt.Errorf("busybox applet: %w", err)
		}
	}
	return nil
}

func (m *Machine) has(path string) bool {
	_, err := os.Lstat(m.root(path))
	return err == nil
}
