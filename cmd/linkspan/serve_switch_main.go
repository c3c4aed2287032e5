// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// What a switch waits for until it is in the fabric. It tells systemd and doctor.
const (
	waitsForToken      = "a join token"
	waitsForController = "a controller"
	waitsForUnderlay   = "an address in the underlay"
	waitsForOVS        = "Open vSwitch"
)

// waits notes what is waited for, "" for nothing.
func (s *switchRole) waits(what string) { s.lacks.Store(&what) }

// status says in a line what the switch does, and whether it is ready: in the fabric, with
// all that Docker needs of it.
func (s *switchRole) status() (ready bool, status string) {
	revision := 0
	if n := s.nos.Load(); n != nil {
		revision = n.manager.Number()
	}
	ready = s.host.Load() != nil && s.serving.Load()
	status = "starting"
	if what := s.lacks.Load(); what != nil && *what != "" {
		status = "waits for " + *what
	}
	if ready {
		status = "in the fabric"
	}
	return ready, fmt.Sprintf("configuration revision %d; %s", revision, status)
}

// alive looks whether what everybody needs of this process can be had: nothing of it
// is caught in a lock, and who asks at the local socket is answered. Whether what is
// outside works is not asked: starting anew would not help it.
func (s *switchRole) alive(ctx context.Context) error {
	if n := s.nos.Load(); n != nil {
		n.manager.Running()
		n.audit.Last()
	}
	if h := s.host.Load(); h != nil {
		h.fabric.Ready()
		h.model.Endpoints()
	}
	if s.socket == "" {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://switch/", nil)
	if err != nil {
		return err
	}
	own := http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.socket)
	}}
	answer, err := own.RoundTrip(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// supervise tells systemd how the switch is.
func (s *switchRole) supervise(ctx context.Context) error {
	v := underSystemd(s.log)
	v.state, v.alive = s.status, s.alive
	return v.run(ctx)
}

// How long it is waited until what a switch lacks is looked for again.
const (
	lackRetry     = 2 * time.Second
	fabricRetry   = time.Second
	fabricPatient = 30 * time.Second
)

// lasting runs the switch's part in the fabric. A switch that has a configuration of its
// own goes on with that when it fails, and tries again: whoever manages it must get in.
func (s *switchRole) lasting(ctx context.Context, n *nos, fabric func(context.Context) error) error {
	for wait := fabricRetry; ; wait = min(2*wait, fabricPatient) {
		begun := time.Now()
		err := fabric(ctx)
		if err == nil || ctx.Err() != nil || n.manager.Number() == 0 {
			return err
		}
		if time.Since(begun) > fabricPatient {
			wait = fabricRetry
		}
		s.log.Error("this switch is out of the fabric; its own configuration runs on", "error", err, "hint", hintFor(err), "retry_in", wait)
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// awaitToken returns the token to join with. A file that was named and is not there yet
// is waited for, so that a switch can be brought into the fabric later.
func (s *switchRole) awaitToken(ctx context.Context) (trust.Token, error) {
	for told := false; ; {
		token, err := s.token()
		if s.joinFile == "" || !errors.Is(err, fs.ErrNotExist) {
			return token, err
		}
		if !told {
			s.waits(waitsForToken)
			s.log.Warn("not in a fabric: there is no join token", "file", s.joinFile, "hint", "make one with linkspan switch token and put it there (mode 0600)")
			told = true
		}
		if err := pause(ctx, lackRetry); err != nil {
			return token, err
		}
	}
}

// awaitGround prepares what lies under the containers, again and again until Open vSwitch
// is there.
func (h *host) awaitGround(ctx context.Context, controllers []string) error {
	h.role.waits(waitsForOVS)
	for {
		err := h.ground(ctx, controllers)
		if linkspan.CodeOf(err) != linkspan.Unavailable || ctx.Err() != nil {
			h.role.waits("")
			return err
		}
		h.role.log.Warn("open vswitch is not ready yet", "error", err)
		if err := pause(ctx, lackRetry); err != nil {
			return err
		}
	}
}

// pause waits, or returns why ctx has ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
