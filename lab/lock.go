// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/mountpoint"
)

const lockStep = 50 * time.Millisecond

// lock keeps everybody else from building, changing or removing the lab in the
// folder dir. The lock is on the folder itself, so it leaves no file behind, and
// the kernel lets go of it if the holder dies. ctx bounds the wait. The error
// wraps fs.ErrNotExist when there is no such folder.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	for {
		f, err := os.Open(dir)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && same(f, dir) {
			return func() { f.Close() }, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		select {
		case <-ctx.Done():
			return nil, &linkspan.Error{
				Code: linkspan.Unavailable, Message: "somebody else is at work on the lab in " + dir,
				Hint: "wait for it to finish, then try again", Err: context.Cause(ctx),
			}
		case <-time.After(lockStep):
		}
	}
}

// lockNew is lock, making the folder first when it is missing.
func lockNew(ctx context.Context, dir string) (unlock func(), err error) {
	for {
		if err := mountpoint.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("make lab folder: %w", err)
		}
		// It may be removed again by another one's Down before it is locked.
		unlock, err := lock(ctx, dir)
		if !errors.Is(err, os.ErrNotExist) {
			return unlock, err
		}
	}
}

// same reports whether the locked folder is still the one of that name, not
// one that was removed while we waited.
func same(f *os.File, dir string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(dir)
	return err == nil && os.SameFile(held, named)
}
