// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// Sandbox is another network namespace, reached through netlink sockets that
// were opened in it, so that no thread has to change its namespace for a
// netlink call. Its methods may be called concurrently.
type Sandbox struct {
	path   string
	ns     netns.NsHandle
	handle *netlink.Handle
}

// Open reaches into the namespace at path, such as /proc/PID/ns/net or a
// dockerd sandbox key. Errors: NotFound. The caller closes the Sandbox.
func Open(path string) (*Sandbox, error) {
	ns, err := netns.GetFromPath(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "there is no sandbox at " + path, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("open sandbox %s: %w", path, err)
	}
	handle, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if errors.Is(err, unix.EINVAL) { // the file of a namespace that is gone, or another one
		return nil, errors.Join(&linkspan.Error{Code: linkspan.NotFound, Message: path + " is no network namespace", Err: err}, ns.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("netlink in sandbox %s: %w", path, err), ns.Close())
	}
	return &Sandbox{path: path, ns: ns, handle: handle}, nil
}

// Path returns the path that the Sandbox was opened by.
func (s *Sandbox) Path() string { return s.path }

// Netlink returns the handle that acts inside the namespace; it is valid until
// Close.
func (s *Sandbox) Netlink() *netlink.Handle { return s.handle }

// FD returns the open file of the namespace, for sockets that are made in it; it
// is valid until Close.
func (s *Sandbox) FD() int { return int(s.ns) }

// Take moves a link of the process's namespace into the sandbox and names it
// there. It comes down by the move.
func (s *Sandbox) Take(link, name string) error {
	l, err := netlink.LinkByName(link)
	if err != nil {
		return fmt.Errorf("look up %s: %w", link, err)
	}
	if err := netlink.LinkSetNsFd(l, int(s.ns)); err != nil {
		return fmt.Errorf("move %s to sandbox %s: %w", link, s.path, err)
	}
	if link == name {
		return nil
	}
	if err := s.handle.LinkSetName(l, name); err != nil {
		return fmt.Errorf("name %s in sandbox %s: %w", name, s.path, err)
	}
	return nil
}

// Do runs fn on a thread of its own inside the namespace, for what netlink
// cannot do (sysctls, sockets). fn must not start goroutines that count on the
// namespace. The thread ends with fn.
func (s *Sandbox) Do(fn func() error) error {
	return onThread(func() error {
		if err := netns.Set(s.ns); err != nil {
			return fmt.Errorf("enter sandbox %s: %w", s.path, err)
		}
		return fn()
	})
}

// Close releases the namespace; it lives on while others hold it.
func (s *Sandbox) Close() error {
	s.handle.Close()
	return s.ns.Close()
}

// errThread reports a function that ended its goroutine instead of returning.
var errThread = errors.New("the function did not return")

// onThread runs fn on a locked thread that is never unlocked, so that the
// runtime destroys it and nobody inherits its namespace.
func onThread(fn func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			// The runtime never destroys the first thread: it would stay in the other
			// namespace, and the whole process seem to be there. Held here, it is not
			// the one that is used.
			defer runtime.UnlockOSThread()
			done <- onThread(fn)
			return
		}
		err := errThread
		defer func() { done <- err }()
		err = fn()
	}()
	return <-done
}
