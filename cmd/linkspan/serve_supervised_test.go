// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hearing is a systemd that notes what it is told, and when.
type hearing struct {
	mu    sync.Mutex
	begun time.Time
	heard []string
	deaf  bool
}

func (s *hearing) notify(state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return errors.New("connection refused")
	}
	s.heard = append(s.heard, fmt.Sprintf("%v %s", time.Since(s.begun), state))
	return nil
}

// told runs a process for a while of simulated time, and returns what systemd was told.
func told(t *testing.T, for_ time.Duration, set func(*supervised, *hearing)) []string {
	t.Helper()
	s := &hearing{begun: time.Now()}
	v := supervised{log: slog.New(slog.DiscardHandler), notify: s.notify, alive: func(context.Context) error { return nil }}
	set(&v, s)
	ctx, cancel := context.WithTimeout(t.Context(), for_)
	defer cancel()
	if err := v.run(ctx); err != nil {
		t.Error(err)
	}
	return s.heard
}

func TestTellsSystemd(t *testing.T) {
	since := func(begun time.Time, d time.Duration) bool { return time.Since(begun) >= d }
	for _, c := range []struct {
		name  string
		lasts time.Duration
		set   func(*supervised, *hearing)
		want  []string
	}{
		{"ready at once", 3500 * time.Millisecond, func(v *supervised, _ *hearing) {
			v.state = func() (bool, string) { return true, "in the fabric" }
		}, []string{"0s READY=1", "0s STATUS=in the fabric", "3.5s STOPPING=1"}},
		{"what it lacks comes", 10500 * time.Millisecond, func(v *supervised, s *hearing) {
			v.state = func() (bool, string) {
				if since(s.begun, 5*time.Second) {
					return true, "in the fabric"
				}
				return false, "waits for Open vSwitch"
			}
		}, []string{"0s STATUS=waits for Open vSwitch", "5s READY=1", "5s STATUS=in the fabric", "10.5s STOPPING=1"}},
		{"what it lacks does not come", 40500 * time.Millisecond, func(v *supervised, _ *hearing) {
			v.state = func() (bool, string) { return false, "waits for Open vSwitch" }
		}, []string{"0s STATUS=waits for Open vSwitch", "30s READY=1", "40.5s STOPPING=1"}},
		{"systemd is away for a moment", 10500 * time.Millisecond, func(v *supervised, s *hearing) {
			s.deaf = true
			time.AfterFunc(3*time.Second-time.Millisecond, func() { s.mu.Lock(); defer s.mu.Unlock(); s.deaf = false })
			v.state = func() (bool, string) { return true, "x" }
		}, []string{"3s READY=1", "3s STATUS=x", "10.5s STOPPING=1"}},
		{"a watchdog", 9500 * time.Millisecond, func(v *supervised, _ *hearing) {
			v.interval, v.state = 16*time.Second, func() (bool, string) { return true, "x" }
		}, []string{"0s READY=1", "0s STATUS=x", "0s WATCHDOG=1", "4s WATCHDOG=1", "8s WATCHDOG=1", "9.5s STOPPING=1"}},
		{"a process that errs", 9500 * time.Millisecond, func(v *supervised, s *hearing) {
			v.interval, v.state = 16*time.Second, func() (bool, string) { return true, "x" }
			v.alive = func(context.Context) error {
				if since(s.begun, 3*time.Second) {
					return errors.New("no answer")
				}
				return nil
			}
		}, []string{"0s READY=1", "0s STATUS=x", "0s WATCHDOG=1", "9.5s STOPPING=1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if diff := cmp.Diff(c.want, told(t, c.lasts, c.set)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestCaught has a process that is caught in a lock: systemd hears no more of it.
func TestCaught(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := make(chan struct{})
		heard := told(t, 60*time.Second, func(v *supervised, s *hearing) {
			v.interval, v.state = 20*time.Second, func() (bool, string) { return true, "x" }
			v.alive = func(context.Context) error {
				if time.Since(s.begun) >= 10*time.Second {
					<-lock
				}
				return nil
			}
		})
		close(lock)
		if diff := cmp.Diff([]string{"0s READY=1", "0s STATUS=x", "0s WATCHDOG=1", "5s WATCHDOG=1", "1m0s STOPPING=1"}, heard); diff != "" {
			t.Error(diff)
		}
	})
}
