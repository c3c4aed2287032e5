// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	shortLife  = 5 * time.Second // a program that ended within this time is in trouble
	firstPause = 100 * time.Millisecond
	longPause  = 3 * time.Second
)

// supervisor keeps the programs of one node running.
type supervisor struct {
	dir    *os.Root
	log    *slog.Logger
	list   []component
	reaper *reaper
	board  *board
	holds  *holds
}

func newSupervisor(log *slog.Logger, dir *os.Root, list []component) (*supervisor, error) {
	s := &supervisor{
		dir: dir, log: log, list: list,
		reaper: newReaper(), board: newBoard(dir, log, list), holds: newHolds(dir),
	}
	return s, s.readHolds()
}

// run keeps the programs running until ctx ends. It does not end them: the end
// of the first process does.
func (s *supervisor) run(ctx context.Context, holds <-chan os.Signal) {
	var running sync.WaitGroup
	running.Go(func() { s.reaper.run(ctx) })
	running.Go(func() { s.heed(ctx, holds) })
	for _, c := range s.list {
		running.Go(func() { s.keep(ctx, c) })
	}
	running.Wait()
}

// heed reads the holds again at each word.
func (s *supervisor) heed(ctx context.Context, holds <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-holds:
			if err := s.readHolds(); err != nil {
				s.log.Error("holds not read", "error", err)
			}
		}
	}
}

// readHolds takes over what is to stay down, and shows that it has.
func (s *supervisor) readHolds() error {
	if err := s.holds.read(); err != nil {
		return err
	}
	for _, c := range s.list {
		held, _ := s.holds.held(c.name)
		s.board.set(c.name, func(shown *Component) { shown.Held = held })
	}
	return nil
}

// keep runs one program again and again.
func (s *supervisor) keep(ctx context.Context, c component) {
	s.await(ctx, c)
	wait := time.Duration(0)
	for s.holds.wait(ctx, c.name) {
		began := time.Now()
		s.once(ctx, c)
		wait = nextPause(wait, time.Since(began))
		pause(ctx, wait)
	}
}

// nextPause returns how long to wait before a program that lived that long is
// started again.
func nextPause(last, life time.Duration) time.Duration {
	if life >= shortLife {
		return 0
	}
	return min(max(2*last, firstPause), longPause)
}

// await returns when the program may start for the first time in this boot.
func (s *supervisor) await(ctx context.Context, c component) {
	if c.gate == nil {
		return
	}
	if c.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.patience)
		defer cancel()
	}
	s.board.set(c.name, func(shown *Component) { shown.Waiting = c.gate.what })
	if !c.gate.await(ctx, 0) {
		s.log.Warn("started out of order", "component", c.name, "without", c.gate.what)
	}
	s.board.set(c.name, func(shown *Component) { shown.Waiting = "" })
}

// once runs the program to its end.
func (s *supervisor) once(ctx context.Context, c component) {
	pid, exit, err := s.start(c)
	if err != nil {
		s.log.Error("component not started", "component", c.name, "error", err)
		s.board.set(c.name, func(shown *Component) { shown.Starts++; shown.LastExit = err.Error() })
		return
	}
	s.log.Info("component started", "component", c.name, "pid", pid)
	s.board.set(c.name, func(shown *Component) { shown.PID = pid; shown.Starts++ })
	probing, cancel := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() {
		if c.ready.await(probing, pid) {
			s.board.set(c.name, func(shown *Component) { shown.Ready = true })
		}
	})
	select {
	case <-ctx.Done():
		cancel()
		probe.Wait()
		return
	case status := <-exit:
		cancel()
		probe.Wait()
		s.log.Warn("component ended", "component", c.name, "pid", pid, "how", describe(status))
		s.board.set(c.name, func(shown *Component) {
			shown.PID, shown.Ready, shown.LastExit = 0, false, describe(status)
		})
	}
}

// start runs the program in a session of its own, with its output in its log.
func (s *supervisor) start(c component) (int, <-chan unix.WaitStatus, error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return 0, nil, err
		}
	}
	path, err := exec.LookPath(c.argv[0])
	if err != nil {
		return 0, nil, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	out, err := s.dir.OpenFile(filepath.Join(LogDir, c.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, nil, fmt.Errorf("open log: %w", err)
	}
	defer out.Close()
	return s.reaper.start(path, c.argv, &syscall.ProcAttr{
		Dir:   "/",
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

func describe(status unix.WaitStatus) string {
	if status.Signaled() {
		return "signal " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}
