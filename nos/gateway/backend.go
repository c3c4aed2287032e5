// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// Backend is where the sockets of a member are: a folder that belongs to the member, who is not
// trusted with it. Its methods may be called by any number of goroutines.
type Backend struct {
	folder    string
	transport *http.Transport

	mu     sync.Mutex
	under  int           // calls under way
	closed bool          // it takes no more
	idle   chan struct{} // closed when it takes no more and none is under way
}

// idleTime is how long a connection to a member that nothing uses is kept.
const idleTime = 90 * time.Second

// NewBackend returns the Backend of a member with its sockets in a folder.
func NewBackend(folder string) *Backend {
	b := &Backend{folder: folder, idle: make(chan struct{})}
	b.transport = &http.Transport{
		DialContext: b.dial, MaxIdleConnsPerHost: 64, IdleConnTimeout: idleTime,
		ResponseHeaderTimeout: callTime, DisableCompression: true,
	}
	return b
}

// Drain has the Backend take no more calls, and waits for those that are under way, at most
// until ctx ends: it returns how many are left then.
func (b *Backend) Drain(ctx context.Context) (left int) {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		if b.under == 0 {
			close(b.idle)
		}
	}
	b.mu.Unlock()
	select {
	case <-b.idle:
	case <-ctx.Done():
	}
	b.transport.CloseIdleConnections()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.under
}

// enter counts a call, unless the Backend takes no more.
func (b *Backend) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.under++
	return true
}

func (b *Backend) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.under--; b.closed && b.under == 0 {
		close(b.idle)
	}
}

// dialError says that nothing of a call has reached a member.
type dialError struct{ err error }

func (e *dialError) Error() string { return "the service does not answer: " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// dial connects to a socket of the member: the host of the address is its name.
func (b *Backend) dial(ctx context.Context, _, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err == nil {
		var c net.Conn
		if c, err = dialIn(ctx, b.folder, name); err == nil {
			return c, nil
		}
	}
	return nil, &dialError{err}
}

// dialIn connects to a socket in a folder that somebody else writes to: what is there under the name must
// be a socket itself, and no way to one elsewhere.
func dialIn(ctx context.Context, folder, name string) (net.Conn, error) {
	if !plainFile(name) {
		return nil, fmt.Errorf("%q is no file name", name)
	}
	dir, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: folder, Err: err}
	}
	defer unix.Close(dir)
	at, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(at)
	var is unix.Stat_t
	if err := unix.Fstat(at, &is); err != nil {
		return nil, err
	}
	if is.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errors.New(name + " is no socket")
	}
	return new(net.Dialer).DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d", at))
}

// Listen makes a socket with that name in a folder which only its owner writes to, in
// place of one that is there. Who may connect is said by its mode.
func Listen(ctx context.Context, folder, name string, mode os.FileMode) (net.Listener, error) {
	dir, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), name) // its length is bounded (unix(7)), that of the folder's is not
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(err, dir.Close())
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen in %s: %w", folder, err), dir.Close())
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	err = os.Chmod(path, mode)
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// away is the error of a service that nobody can reach now.
func away(service string, err error) error {
	return &linkspan.Error{Code: linkspan.Unavailable, Message: "service " + service + " does not answer", Hint: "linkspan service ls shows how it is", Err: err}
}
