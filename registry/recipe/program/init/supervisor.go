// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopTime is how long a process has to end before it is killed.
const stopTime = 5 * time.Second

// supervisor keeps processes running. One goroutine does all of it: nobody else waits for
// processes.
type supervisor struct {
	all    []*process // in the order in which they are started
	status string     // file that says what runs
}

// run ends after a signal, when all has ended.
func (s *supervisor) run() error {
	if len(s.all) == 0 {
		return errors.New("there are no processes")
	}
	for _, p := range s.all {
		if len(p.Command) == 0 {
			return errors.New(p.Name + " has no command")
		}
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	adopt()
	for {
		wait := s.startDue(time.Now())
		s.tell()
		select {
		case got := <-signals:
			switch got {
			case syscall.SIGCHLD:
				s.reap(time.Now())
			case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
				s.stop(signals)
				return nil
			default:
				s.pass(got.(syscall.Signal))
			}
		case <-wait:
		}
	}
}

// startDue starts what does not run and is due. It returns when the next one is, nil for none.
func (s *supervisor) startDue(now time.Time) <-chan time.Time {
	var next time.Time
	for _, p := range s.all {
		if p.pid == 0 && !p.again.After(now) {
			p.start(now)
		}
		if p.pid == 0 && (next.IsZero() || p.again.Before(next)) {
			next = p.again
		}
	}
	if next.IsZero() {
		return nil
	}
	return time.After(time.Until(next))
}

// reap waits for all that has ended, whoever started it.
func (s *supervisor) reap(now time.Time) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		for _, p := range s.all {
			if p.pid == pid {
				say("%s ended with status %d, signal %d", p.Name, status.ExitStatus(), signalOf(status))
				p.ended(now)
			}
		}
	}
}

func signalOf(status syscall.WaitStatus) int {
	if status.Signaled() {
		return int(status.Signal())
	}
	return 0
}

// pass passes a signal on to all.
func (s *supervisor) pass(which syscall.Signal) {
	for _, p := range s.all {
		if p.pid != 0 {
			_ = syscall.Kill(p.pid, which) // it may have ended
		}
	}
}

// stop stops all, the last one that was started first.
func (s *supervisor) stop(signals <-chan os.Signal) {
	for i := len(s.all) - 1; i >= 0; i-- {
		p := s.all[i]
		if p.pid == 0 {
			continue
		}
		_ = syscall.Kill(p.pid, syscall.SIGTERM) // it may have ended
		killed, deadline := false, time.After(stopTime)
		for s.reap(time.Now()); p.pid != 0; s.reap(time.Now()) {
			select {
			case <-signals:
			case <-deadline:
				if killed {
					return // it cannot be killed from here; with this process the container ends
				}
				say("%s does not end and is killed", p.Name)
				_ = syscall.Kill(-p.pid, syscall.SIGKILL)
				killed, deadline = true, time.After(time.Second)
			}
		}
	}
	_ = os.Remove(s.status) // nothing runs that it could speak of
}

// adopt makes this process the parent of orphans below it, as the first process of a container is.
func adopt() {
	const setChildSubreaper = 36
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0) // without it only its own children are reaped
}
