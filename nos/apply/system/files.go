// SPDX-License-Identifier: Apache-2.0

package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// read returns what a file is, or the name that the kernel has.
func (p *Part) read(file string) (content, error) {
	if file == kernelName {
		name, err := p.options.Kernel.Hostname()
		return content{Text: name}, err
	}
	path := filepath.Join(p.options.Root, file)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content{None: true}, nil
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		link, err := os.Readlink(path)
		return content{Link: link}, err
	}
	text, err := os.ReadFile(path)
	return content{Text: string(text)}, err
}

// write makes a file what it should be.
func (p *Part) write(file string, c content) error {
	if file == kernelName {
		return p.options.Kernel.SetHostname(c.Text)
	}
	path := filepath.Join(p.options.Root, file)
	if c.None {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	beside := path + ".linkspan"
	err := os.Remove(beside)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if c.Link != "" {
		err = os.Symlink(c.Link, beside)
	} else {
		err = synced(beside, c.Text)
	}
	if err == nil {
		err = os.Rename(beside, path)
	}
	if errors.Is(err, unix.EBUSY) && c.Link == "" { // a mount, as in containers
		return errors.Join(os.Remove(beside), os.WriteFile(path, []byte(c.Text), 0o644))
	}
	return err
}

// synced writes a file whose content would outlast a loss of power.
func synced(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Kernel has the name of the host.
type Kernel interface {
	Hostname() (string, error)
	SetHostname(name string) error
}

// UTS is the name in the process's UTS namespace (uname(2)).
type UTS struct{}

var _ Kernel = UTS{}

// Hostname returns the name.
func (UTS) Hostname() (string, error) { return os.Hostname() }

// SetHostname sets it.
func (UTS) SetHostname(name string) error {
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	return nil
}
