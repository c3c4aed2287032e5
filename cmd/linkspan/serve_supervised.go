// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// readyPatience is how long a role that lacks something may be not ready: then it says
// that it is, so that a host whose Open vSwitch or controller is away boots to its end, and
// dockerd, ordered behind it, starts. It is less than systemd's TimeoutStartSec.
const readyPatience = 30 * time.Second

// aliveLimit is how long it may take to see that a process is alive.
const aliveLimit = 10 * time.Second

// supervised tells systemd how this process is (sd_notify(3)): that it is ready, what it
// does, and again and again that it is alive. Without systemd it tells nobody.
type supervised struct {
	log      *slog.Logger
	notify   func(state string) error
	interval time.Duration // of systemd's watchdog; 0: there is none
	state    func() (ready bool, status string)
	alive    func(context.Context) error
}

// underSystemd returns what is told to the systemd that started this process, if one did.
func underSystemd(log *slog.Logger) supervised {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog is not heeded", "error", err)
	}
	return supervised{log: log, interval: interval, notify: func(state string) error {
		_, err := daemon.SdNotify(false, state)
		return err
	}}
}

// run tells until ctx ends.
func (s supervised) run(ctx context.Context) error {
	every := time.Second
	if s.interval > 0 {
		every = min(every, s.interval/4)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	begun, told := time.Now(), ""
	var lastAlive time.Time
	for isReady := false; ; {
		ready, status := s.state()
		if !isReady && (ready || time.Since(begun) >= readyPatience) {
			isReady = s.tell(daemon.SdNotifyReady)
		}
		if status != told && s.tell("STATUS="+status) {
			told = status
		}
		if s.interval > 0 && time.Since(lastAlive) >= s.interval/4 && s.lives(ctx) && s.tell(daemon.SdNotifyWatchdog) {
			lastAlive = time.Now()
		}
		select {
		case <-ctx.Done():
			s.tell(daemon.SdNotifyStopping)
			return nil
		case <-tick.C:
		}
	}
}

func (s supervised) tell(state string) bool {
	err := s.notify(state)
	if err != nil {
		s.log.Warn("systemd does not hear how this is", "state", state, "error", err)
	}
	return err == nil
}

// lives asks in time whether the process is alive. When the answer does not come,
// systemd ends it with a trace of what all of it does, and starts it anew.
func (s supervised) lives(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, aliveLimit)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- s.alive(ctx) }() // it may be caught for ever
	select {
	case err := <-answer:
		if err != nil && ctx.Err() == nil {
			s.log.Error("this process does not answer itself", "error", err)
		}
		return err == nil
	case <-ctx.Done():
		s.log.Error("this process is caught somewhere", "error", ctx.Err())
		return false
	}
}
