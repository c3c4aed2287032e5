// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

// diskInterval is how often the free space is looked at.
const diskInterval = time.Second

// freeSpace returns the bytes that this process may still write to the file
// system of a path.
type freeSpace func(path string) (uint64, error)

func statFree(path string) (uint64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", path, err)
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}

// disk watches the space below a folder. etcd does not survive a write that
// fails for lack of it, so that writes must stop earlier.
type disk struct {
	path string
	low  uint64 // bytes; below it nothing is written
	free freeSpace
	log  *slog.Logger

	full atomic.Bool
}

// run looks at the disk until the context ends.
func (d *disk) run(ctx context.Context) {
	tick := time.NewTicker(diskInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.look()
		}
	}
}

func (d *disk) look() {
	left, err := d.free(d.path)
	if err != nil {
		d.log.Warn("free space of store unknown", "path", d.path, "error", err)
		return
	}
	full := left < d.low
	if d.full.Swap(full) == full {
		return
	}
	if full {
		d.log.Error("disk of store nearly full, writes refused", "path", d.path, "free_bytes", left, "needed_bytes", d.low)
		return
	}
	d.log.Info("disk of store has space again, writes accepted", "path", d.path, "free_bytes", left)
}

// check returns kv.ErrFull while nothing may be written.
func (d *disk) check(op string) error {
	if !d.full.Load() {
		return nil
	}
	err := fmt.Errorf("less than %d MiB of disk are free", d.low>>20)
	return &kv.Error{Code: kv.Full, Op: op, Key: d.path, Err: err}
}
