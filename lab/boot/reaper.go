// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// reaper collects every process that ends in the node, as the first process of
// a PID namespace has to: the programs it started itself, and whatever lost its
// parent (containers whose dockerd died).
type reaper struct {
	mu    sync.Mutex
	exits map[int]chan unix.WaitStatus
}

func newReaper() *reaper { return &reaper{exits: map[int]chan unix.WaitStatus{}} }

// start runs a program and returns its number and where its end will be told.
func (r *reaper) start(path string, argv []string, attr *syscall.ProcAttr) (int, <-chan unix.WaitStatus, error) {
	// Held until the number is noted: the program may end before.
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(path, argv, attr)
	if err != nil {
		return 0, nil, &os.PathError{Op: "start", Path: path, Err: err}
	}
	exit := make(chan unix.WaitStatus, 1)
	r.exits[pid] = exit
	return pid, exit, nil
}

// run collects until ctx ends.
func (r *reaper) run(ctx context.Context) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	defer signal.Stop(ended)
	for {
		r.collect()
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
	}
}

func (r *reaper) collect() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
		r.mu.Lock()
		exit, ours := r.exits[pid]
		delete(r.exits, pid)
		r.mu.Unlock()
		if ours {
			exit <- status
		}
	}
}
