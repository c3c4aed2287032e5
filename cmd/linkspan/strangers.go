// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/linkspan/linkspan/api/channel"
	"github.com/linkspan/linkspan/control"
)

// What those may take who have shown no certificate: connections of one
// address, of all, and the time until theirs is closed. A handshake, or a
// request to join, takes a fraction of a second.
const (
	strangersOfOne = 128
	strangersInAll = 1024
	strangerTime   = time.Minute
)

// strangers are the TLS connections to a listener whose other end has not shown
// a certificate yet. When there are too many the oldest give way, so that a host
// with a certificate has the time to show it. The zero value is ready; its
// methods may be called concurrently.
type strangers struct {
	mu      sync.Mutex
	entered uint64
	all     map[net.Conn]*stranger
	of      map[string]int // how many by address
}

type stranger struct {
	conn  net.Conn
	host  string
	at    uint64 // how many entered before
	timer *time.Timer
}

// watch follows the connections of a server, before it serves. Several may share
// a connection.
func (s *strangers) watch(server *http.Server) { server.ConnState = s.state }

// state follows a connection of an HTTP server.
func (s *strangers) state(c net.Conn, state http.ConnState) {
	t, secure := channel.Secure(c)
	switch {
	case !secure:
	case state == http.StateClosed, state != http.StateNew && len(t.ConnectionState().PeerCertificates) > 0:
		s.leave(t)
	case state == http.StateNew:
		s.enter(t)
	}
}

// until counts a connection among the strangers until who says who it is.
func (s *strangers) until(who func(context.Context, net.Conn) (control.Peer, error)) func(context.Context, net.Conn) (control.Peer, error) {
	return func(ctx context.Context, c net.Conn) (control.Peer, error) {
		s.enter(c)
		defer s.leave(c)
		return who(ctx, c)
	}
}

// enter counts a connection and closes one that gives way to it.
func (s *strangers) enter(c net.Conn) {
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String()) // the same for all that have none
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[c] != nil {
		return
	}
	if s.all == nil {
		s.all, s.of = make(map[net.Conn]*stranger), make(map[string]int)
	}
	switch {
	case s.of[host] >= strangersOfOne:
		s.evict(func(o *stranger) bool { return o.host == host })
	case len(s.all) >= strangersInAll:
		s.evict(func(*stranger) bool { return true })
	}
	s.entered++
	s.all[c] = &stranger{c, host, s.entered, time.AfterFunc(strangerTime, func() { cut(c) })}
	s.of[host]++
}

// leave counts a connection no more, if it was counted.
func (s *strangers) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.all[c]; o != nil {
		s.drop(o)
	}
}

// evict closes the oldest of some; the caller holds mu.
func (s *strangers) evict(some func(*stranger) bool) {
	var oldest *stranger
	for _, o := range s.all {
		if some(o) && (oldest == nil || o.at < oldest.at) {
			oldest = o
		}
	}
	s.drop(oldest)
	cut(oldest.conn)
}

func (s *strangers) drop(o *stranger) {
	o.timer.Stop()
	delete(s.all, o.conn)
	if s.of[o.host]--; s.of[o.host] == 0 {
		delete(s.of, o.host)
	}
}

// cut closes a connection without a word of TLS, for which it might wait.
func cut(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.Close() // whoever has it learns of it
}
