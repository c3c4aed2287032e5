// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// processes returns the numbers of the programs in the network namespace at a
// path, this one not included. One that ends meanwhile may be among them.
func processes(path string) ([]int, error) {
	var space unix.Stat_t
	err := unix.Stat(path, &space)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for programs in %s: %w", path, err)
	}
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for programs in %s: %w", path, err)
	}
	var inside []int
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		var at unix.Stat_t
		if err == nil && pid != os.Getpid() && unix.Stat(filepath.Join("/proc", entry.Name(), "ns/net"), &at) == nil && at.Ino == space.Ino && at.Dev == space.Dev {
			inside = append(inside, pid)
		}
	}
	return inside, nil
}

// end kills the programs in a namespace until none is left. Each is held while
// it is looked at, so that no other one is met that got its number.
func end(ctx context.Context, path string) error {
	for {
		inside, err := processes(path)
		if err != nil || len(inside) == 0 {
			return err
		}
		for _, pid := range inside {
			if err := kill(pid, path); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("end the programs in the sandbox: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func kill(pid int, path string) error {
	held, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	defer unix.Close(held)
	var at, space unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &at) != nil || unix.Stat(path, &space) != nil || at.Ino != space.Ino {
		return nil // it is gone, or elsewhere
	}
	if err := unix.PidfdSendSignal(held, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	return nil
}
