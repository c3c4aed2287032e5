// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/cgroup"
	"github.com/linkspan/linkspan/lab/mountpoint"
)

// Down removes the lab: every process of it, and with the processes their
// namespaces, mounts and links; the control groups; the folder. It may be
// called again, and whatever state the lab is in.
func (l *Lab) Down(ctx context.Context) error {
	unlock, err := lock(ctx, l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	return remove(ctx, l.dir)
}

// remove is Down with the lock held.
func remove(ctx context.Context, dir string) error {
	if err := empty(ctx, dir); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove lab folder: %w", err)
	}
	return sweep(filepath.Dir(dir))
}

// sweep removes what labs had to make on the machine, if this was the last one
// to use it: the folder of all labs, and mount points.
func sweep(stateDir string) error {
	failed := []error{mountpoint.Sweep(stateDir)}
	for _, path := range boot.MountPoints() {
		failed = append(failed, mountpoint.Sweep(path))
	}
	return errors.Join(failed...)
}

// empty ends all that runs and removes all that is in the lab's folder.
func empty(ctx context.Context, dir string) error {
	if err := endNodes(ctx, dir); err != nil {
		return err
	}
	if err := cgroup.Remove(ctx, cgroupName(dir)); err != nil {
		return fmt.Errorf("remove the lab's control groups: %w", err)
	}
	if err := detach(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list lab folder: %w", err)
	}
	for _, entry := range entries {
		if err := removeAll(ctx, filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("remove lab folder: %w", err)
		}
	}
	return nil
}

// removeAll tries again when a node, whose Up was killed before it was heard
// of, writes its last file meanwhile.
func removeAll(ctx context.Context, path string) error {
	for {
		err := os.RemoveAll(path)
		if err == nil || !errors.Is(err, unix.ENOTEMPTY) || ctx.Err() != nil {
			return err
		}
	}
}

// endNodes goes by the folders, not by the record: a lab whose Up was killed
// has nodes that were never recorded.
func endNodes(ctx context.Context, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	failed := make([]error, len(entries))
	var ending sync.WaitGroup
	for i, entry := range entries {
		ending.Go(func() {
			if err := readInit(filepath.Join(dir, entry.Name())).End(ctx); err != nil {
				failed[i] = fmt.Errorf("end %s: %w", entry.Name(), err)
			}
		})
	}
	ending.Wait()
	return errors.Join(failed...)
}
