// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// tty is a terminal of which a read can be ended: the file that a process is given can
// be in a mode in which its Close does not.
type tty struct {
	io.Writer
	in   *os.File
	wake [2]int // a pipe that is written to, to end a read
}

func openTTY(in *os.File, out io.Writer) (*tty, error) {
	t := &tty{Writer: out, in: in}
	return t, unix.Pipe2(t.wake[:], unix.O_CLOEXEC|unix.O_NONBLOCK)
}

// Read waits for keys, or for Close.
func (t *tty) Read(p []byte) (int, error) {
	fds := []unix.PollFd{{Fd: int32(t.in.Fd()), Events: unix.POLLIN}, {Fd: int32(t.wake[0]), Events: unix.POLLIN}} //nolint:gosec // file descriptors are small
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case fds[1].Revents != 0:
			return 0, io.EOF
		}
		return t.in.Read(p)
	}
}

// Close ends reads. It may be called more than once.
func (t *tty) Close() error {
	_, err := unix.Write(t.wake[1], []byte{0})
	if errors.Is(err, unix.EAGAIN) {
		return nil // it is full of what ends reads
	}
	return err
}

// end gives back what Close needs.
func (t *tty) end() error { return errors.Join(unix.Close(t.wake[0]), unix.Close(t.wake[1])) }
