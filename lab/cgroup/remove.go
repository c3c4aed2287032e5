// SPDX-License-Identifier: Apache-2.0

package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// retryStep is how long to wait for the kernel to let go of a group whose
// processes have just ended.
const retryStep = 10 * time.Millisecond

// Remove kills whatever is left in the group and below it and removes it from
// every hierarchy. The path is relative to the hierarchies' mount points. A
// group that does not exist is no error; ctx bounds the wait for the kernel.
func Remove(ctx context.Context, path string) error {
	if path = strings.Trim(path, "/"); path == "" || strings.Contains(path, "..") {
		return fmt.Errorf("control group %q: not a group of our own", path)
	}
	points, err := Mounts()
	if err != nil {
		return err
	}
	var failed []error
	for _, point := range points {
		failed = append(failed, removeTree(ctx, filepath.Join(point, path)))
	}
	return errors.Join(failed...)
}

func removeTree(ctx context.Context, dir string) error {
	for {
		err := removeOnce(dir)
		if err == nil || !errors.Is(err, unix.EBUSY) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, context.Cause(ctx))
		case <-time.After(retryStep):
		}
	}
}

// removeOnce goes bottom up: a group with groups in it cannot be removed.
func removeOnce(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeOnce(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	killMembers(dir)
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove control group %s: %w", dir, err)
	}
	return nil
}

// killMembers is for what outlived its PID namespace, which nothing should:
// being in a group of ours is what marks it as ours.
func killMembers(dir string) {
	raw, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return
	}
	for _, field := range strings.Fields(string(raw)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
}
