// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pollStep bounds how late a wait hears of its context's end.
const pollStep = 50 * time.Millisecond

// Signal sends sig to this very process, never to another one that got its
// number meanwhile. The error is os.ErrProcessDone when it is gone.
func (id Identity) Signal(sig unix.Signal) error {
	fd, err := id.open()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil {
		return fmt.Errorf("signal process %d: %w", id.PID, gone(err))
	}
	return nil
}

// End kills the process and returns when it is gone. When it is the first
// process of a PID namespace, everything in that namespace is gone by then too.
// A child of the caller is reaped. A process that is gone already is no error.
func (id Identity) End(ctx context.Context) error {
	defer id.reap()
	fd, err := id.open()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill process %d: %w", id.PID, err)
	}
	return id.await(ctx, fd)
}

// Wait returns when the process is gone, or with ctx's error.
func (id Identity) Wait(ctx context.Context) error {
	fd, err := id.open()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return id.await(ctx, fd)
}

// open returns a descriptor that stands for this very process: opened first and
// compared afterwards, so that the number cannot change hands in between.
func (id Identity) open() (int, error) {
	if id.PID <= 0 {
		return -1, os.ErrProcessDone
	}
	fd, err := unix.PidfdOpen(id.PID, 0)
	if err != nil {
		return -1, fmt.Errorf("open process %d: %w", id.PID, gone(err))
	}
	if now, err := Find(id.PID); err != nil || now != id {
		unix.Close(fd)
		return -1, os.ErrProcessDone
	}
	return fd, nil
}

func (id Identity) await(ctx context.Context, fd int) error {
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(polled, int(pollStep.Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for process %d: %w", id.PID, err)
		}
		if n > 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("process %d does not end: %w", id.PID, context.Cause(ctx))
		}
	}
}

// reap collects the exit status if the process was a child of the caller;
// whoever else it belongs to collects it himself.
func (id Identity) reap() {
	if id.PID > 0 && !id.Alive() {
		_, _ = unix.Wait4(id.PID, nil, unix.WNOHANG, nil)
	}
}

func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
