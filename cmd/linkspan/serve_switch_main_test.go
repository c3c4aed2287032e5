// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// TestSwitchOfNothing runs a switch that has no token, no Open vSwitch and no Docker: systemd hears
// what it waits for and that it is alive, its audit log is kept, and doctor gets an answer.
func TestSwitchOfNothing(t *testing.T) {
	hears := systemd(t)
	t.Setenv("WATCHDOG_USEC", "2000000")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var complaints strings.Builder
	go func() {
		ended <- run(ctx, []string{
			"serve", "switch", "--switch-dir", at("d"), "--socket", at("s"), "--join-file", at("join"), "--ovs-run-dir", at("ovs"),
			"--metrics=", "--docker", "none", "--plugin-socket", at("p"), "--swarm-socket", "none", "--system-root", at("root"), "--ssh", "none",
		}, streams{strings.NewReader(""), io.Discard, &complaints})
	}()
	waits, alive := false, false
	for !waits || !alive {
		text := hears()
		waits = waits || strings.HasPrefix(text, "STATUS=configuration revision 0; waits for a join token")
		alive = alive || text == "WATCHDOG=1"
	}
	if r := typeIn(t, "--socket", at("s"), "doctor"); r.status != exitDone || !strings.Contains(r.out, "waits for a join token") {
		t.Errorf("doctor: %+v", r)
	}
	typeIn(t, "--socket", at("s"), "audit", "ls").wants(t, exitDone, "start")
	typeIn(t, "--socket", at("s"), "audit", "verify").wants(t, exitDone, "the chain holds: 1 records")
	typeIn(t, "--socket", at("s"), "network", "ls").wants(t, exitFailed, "the switch is starting: configuration revision 0; waits for a join token")
	stop()
	if status := <-ended; status != exitDone {
		t.Errorf("status %d: %s", status, &complaints)
	}
}

// TestTokenIsWaitedFor has a file come that was named, and none that was not.
func TestTokenIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := switchRole{joinFile: "join", log: slog.New(slog.DiscardHandler), token: func() (trust.Token, error) {
			asked++
			if asked < 4 {
				return trust.Token{}, &linkspan.Error{Code: linkspan.NotFound, Err: fs.ErrNotExist}
			}
			return trust.Token{Addresses: []string{"192.0.2.1:7443"}}, nil
		}}
		begun := time.Now()
		token, err := s.awaitToken(t.Context())
		if err != nil || len(token.Addresses) != 1 || time.Since(begun) != 3*lackRetry {
			t.Errorf("%v, %v after %v", token, err, time.Since(begun))
		}
		if _, status := s.status(); status != "configuration revision 0; waits for a join token" {
			t.Errorf("%q", status)
		}
		s.joinFile, asked = "", 0
		if _, err := s.awaitToken(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("nobody named a file: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		s.joinFile, asked = "join", -1000
		if _, err := s.awaitToken(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("at the end: %v", err)
		}
	})
}

// TestDockerComes ends the parts of a host without Docker when Docker comes, so that they are
// made anew, and never those of a host that has it or shall not.
func TestDockerComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		h := &host{role: &switchRole{docker: "unix:///nowhere", log: slog.New(slog.DiscardHandler)}}
		if err := h.awaitDocker(ctx); !errors.Is(err, errAnew) {
			t.Errorf("it is there: %v", err)
		}
		h.role.docker = dockerNone
		if err := h.awaitDocker(ctx); err != nil || ctx.Err() == nil {
			t.Errorf("it shall not be: %v, %v", err, ctx.Err())
		}
	})
}
