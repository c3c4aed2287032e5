// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/shell"
	"github.com/linkspan/linkspan/trust/audit"
)

// The bounds of what anybody on the network can make the switch do.
const (
	maxTries  = 4                // per connection
	loginTime = 30 * time.Second // until somebody must have logged in
	maxShells = 8                // per connection
	keepAlive = 30 * time.Second
	idle      = 15 * time.Minute // at a terminal
)

// Guard knows who may log in. *access.Guard is one.
type Guard interface {
	Password(ctx context.Context, name, typed string, from netip.Addr) (access.User, error)
	Key(ctx context.Context, name string, key []byte) (access.User, error)
}

var _ Guard = (*access.Guard)(nil)

// Options are what a server needs.
type Options struct {
	Key    ssh.Signer
	Guard  Guard
	Client func(rpc.Caller) *api.Client // of somebody who has logged in
	Banner func() string                // shown before a login; nil: none
	Files  shell.Files                  // what load and save read and write; nil: nothing
	Audit  rpc.Auditor                  // nil: nothing is written down
	Log    *slog.Logger                 // slog.Default if nil
}

// Server serves shells.
type Server struct {
	options  Options
	places   *crowd.Places
	refusals *crowd.Refusals
}

// New returns a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Server{options: o, places: crowd.NewPlaces(), refusals: crowd.NewRefusals(time.Now())}
}

// Serve serves until ctx ends, and closes the listener. Connections end with it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var conns sync.WaitGroup
	defer s.tellRefusals()
	defer conns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer l.Close() //nolint:errcheck // nobody listens any more
	conns.Go(func() { s.tellNowAndThen(ctx) })
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("ssh: %w", err)
		case err != nil: // too many files, or a peer that has gone
			s.options.Log.Warn("an ssh connection was not accepted", slog.Any("error", err))
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		s.begin(ctx, conn, &conns)
	}
}

// begin serves a connection, or closes it: there are too many.
func (s *Server) begin(ctx context.Context, conn net.Conn, conns *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(ctx)
	from := address(conn.RemoteAddr())
	place := s.places.Come(from, cancel)
	if place == nil {
		cancel()
		conn.Close()
		return
	}
	conns.Go(func() {
		defer cancel()
		s.connection(ctx, conn, &login{server: s, from: from}, place)
	})
}

// connection serves one connection until it ends.
func (s *Server) connection(ctx context.Context, conn net.Conn, l *login, place *crowd.Stranger) {
	defer conn.Close() //nolint:errcheck // it has ended
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(loginTime)) // one that cannot be set has ended
	secure, channels, requests, err := ssh.NewServerConn(conn, l.config(ctx))
	s.places.Gone(place)
	if err != nil {
		l.refused(err)
		return
	}
	if !s.places.Enter(secure.User()) {
		l.refused(tooMany(secure.User()))
		return
	}
	defer s.places.Leave(secure.User())
	_ = conn.SetDeadline(time.Time{}) // as above
	l.entered(secure)
	defer l.left()
	l.serve(ctx, secure, channels, requests)
}

func tooMany(name string) error {
	return &linkspan.Error{Code: linkspan.Exhausted, Message: "there are too many connections of " + name}
}

// tellNowAndThen tells refusals until ctx ends.
func (s *Server) tellNowAndThen(ctx context.Context) {
	again := time.NewTicker(crowd.RefusalsReturn)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			s.tellRefusals()
		}
	}
}

// tellRefusals writes down how many logins were refused that were not written down one by one.
func (s *Server) tellRefusals() {
	if text := s.refusals.Told(); text != "" {
		s.record(audit.Entry{Kind: audit.Denied, How: "ssh", Text: text, Error: "there were too many to write each down"})
	}
}

func address(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// record writes something down; that it could not be is logged.
func (s *Server) record(e audit.Entry) {
	if s.options.Audit == nil {
		return
	}
	if _, err := s.options.Audit.Append(e); err != nil {
		s.options.Log.Error("the audit log cannot be written", slog.Any("error", err))
	}
}
