// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan"
)

// Listen opens a plugin socket with mode 0600, whose folder is made if missing.
// A socket that nobody answers on any more is replaced; the error has code
// InUse when somebody does. Closing the listener removes the file.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make plugin folder: %w", err)
	}
	if conn, err := new(net.Dialer).DialContext(context.Background(), "unix", path); err == nil {
		return nil, errors.Join(&linkspan.Error{
			Code: linkspan.InUse, Op: "listen on " + path, Message: "another process serves this socket",
		}, conn.Close())
	}
	// Docker looks for files that end in .sock; this one it sees when complete.
	hidden := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.Remove(hidden); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove stale plugin socket: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: hidden, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on plugin socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	if err := publish(hidden, path); err != nil {
		return nil, errors.Join(err, listener.Close(), os.Remove(hidden))
	}
	return newSocket(listener, path)
}

func publish(hidden, path string) error {
	if err := os.Chmod(hidden, 0o600); err != nil {
		return fmt.Errorf("protect plugin socket: %w", err)
	}
	if err := os.Rename(hidden, path); err != nil {
		return fmt.Errorf("publish plugin socket: %w", err)
	}
	return nil
}

// socket removes its file when it is closed, if that is still its own.
type socket struct {
	net.Listener
	path string
	file os.FileInfo
}

func newSocket(listener net.Listener, path string) (net.Listener, error) {
	file, err := os.Stat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("look at plugin socket: %w", err), listener.Close())
	}
	return &socket{Listener: listener, path: path, file: file}, nil
}

// Close closes the listener and removes its file.
func (s *socket) Close() error {
	if now, err := os.Stat(s.path); err == nil && os.SameFile(now, s.file) {
		_ = os.Remove(s.path) // whoever comes next replaces it anyhow
	}
	return s.Listener.Close()
}
