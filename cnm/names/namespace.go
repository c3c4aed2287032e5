// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// namespace is an open network namespace of a container. Sockets belong for
// ever to the namespace that they were made in, so that a thread is in it only
// while it makes one.
type namespace struct {
	file  *os.File
	inode uint64
}

// openNamespace opens the namespace at a path. The error has code NotFound
// while there is nothing, or a file that no namespace is mounted over yet.
func openNamespace(path string) (*namespace, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "there is no namespace at " + path, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("open namespace: %w", err)
	}
	inode, err := namespaceInode(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &namespace{file, inode}, nil
}

func namespaceInode(file *os.File) (uint64, error) {
	var system unix.Statfs_t
	var status unix.Stat_t
	if err := unix.Fstatfs(int(file.Fd()), &system); err != nil {
		return 0, fmt.Errorf("namespace %s: %w", file.Name(), err)
	}
	if err := unix.Fstat(int(file.Fd()), &status); err != nil {
		return 0, fmt.Errorf("namespace %s: %w", file.Name(), err)
	}
	if system.Type != unix.NSFS_MAGIC {
		return 0, &linkspan.Error{Code: linkspan.NotFound, Message: "no namespace is mounted at " + file.Name() + " yet"}
	}
	return status.Ino, nil
}

// same says whether the path still leads to this namespace.
func (n *namespace) same(path string) bool {
	var status unix.Stat_t
	return unix.Stat(path, &status) == nil && status.Ino == n.inode
}

func (n *namespace) Close() error { return n.file.Close() }

// do runs fn on a thread that is inside the namespace meanwhile. A thread that
// does not find back is not used for anything else: it ends with the goroutine.
func (n *namespace) do(fn func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- n.visit(fn)
	}()
	return <-done
}

func (n *namespace) visit(fn func() error) error {
	home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("own namespace: %w", err)
	}
	defer unix.Close(home)
	if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter namespace %s: %w", n.file.Name(), err)
	}
	err = fn()
	if unix.Setns(home, unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// listen opens a port for UDP and one for TCP, of the kernel's choice, that
// only the namespace itself reaches.
func (n *namespace) listen(ctx context.Context) (udp *net.UDPConn, tcp *net.TCPListener, err error) {
	at := netip.AddrPortFrom(dockerResolver.Addr(), 0).String()
	err = n.do(func() error {
		packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", at)
		if err != nil {
			return err
		}
		stream, err := new(net.ListenConfig).Listen(ctx, "tcp4", at)
		if err != nil {
			return errors.Join(err, packets.Close())
		}
		udp, tcp = packets.(*net.UDPConn), stream.(*net.TCPListener)
		return nil
	})
	return udp, tcp, err
}

// dial connects to Docker's resolver, past the redirection.
func (n *namespace) dial(ctx context.Context, network string) (conn net.Conn, err error) {
	dialer := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(ownAddress, 0))}
	if network == "tcp4" {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ownAddress, 0))
	}
	err = n.do(func() error {
		conn, err = dialer.DialContext(ctx, network, dockerResolver.String())
		return err
	})
	return conn, err
}
