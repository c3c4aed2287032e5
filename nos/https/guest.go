// SPDX-License-Identifier: Apache-2.0

package https

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/trust/audit"
)

// how is by what means all who come here come.
const how = "api"

// entrance lets connections in as long as there are places for them.
type entrance struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (e entrance) Accept() (net.Conn, error) {
	for {
		conn, err := e.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g := e.server.come(conn); g != nil {
			return g, nil
		}
		conn.Close()
	}
}

// guest is a connection, and who it is of once that is proved.
type guest struct {
	net.Conn
	server  *Server
	from    netip.Addr
	session string
	key     [32]byte // of proofs
	place   *crowd.Stranger
	late    *time.Timer
	closed  sync.Once

	turn chan struct{} // held by who looks at a password; the lock is not held so long

	mu     sync.Mutex
	user   access.User // nobody at first
	proved proof       // what user has shown
	gone   bool
}

// come gives a connection a place, nil if there is none.
func (s *Server) come(conn net.Conn) *guest {
	g := &guest{Conn: conn, server: s, from: address(conn.RemoteAddr()), turn: make(chan struct{}, 1)}
	if g.place = s.places.Come(g.from, func() { conn.Close() }); g.place == nil {
		return nil
	}
	var id [4]byte
	_, _ = rand.Read(id[:])    // it never fails
	_, _ = rand.Read(g.key[:]) // as above
	g.session = hex.EncodeToString(id[:])
	g.late = time.AfterFunc(loginTime, func() {
		if g.of().Name == "" {
			conn.Close()
		}
	})
	return g
}

// of returns who the connection is of.
func (g *guest) of() access.User {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.user
}

// Close implements net.Conn: who was there has left.
func (g *guest) Close() error {
	g.closed.Do(func() {
		g.late.Stop()
		g.server.places.Gone(g.place)
		g.mu.Lock()
		g.gone = true
		g.mu.Unlock()
		g.leave()
	})
	return g.Conn.Close()
}

// enter notes who has proved to be somebody. Whoever was there before leaves.
func (g *guest) enter(u access.User, p proof) error {
	g.leave()
	if !g.server.places.Enter(u.Name) {
		return &linkspan.Error{Code: linkspan.Exhausted, Message: "there are too many connections of " + u.Name}
	}
	g.server.places.Gone(g.place)
	g.mu.Lock()
	g.user, g.proved = u, p
	gone := g.gone
	g.mu.Unlock()
	g.note(audit.Login, u)
	if gone {
		g.leave()
	}
	return nil
}

func (g *guest) leave() {
	g.mu.Lock()
	u := g.user
	g.user, g.proved = access.User{}, proof{}
	g.mu.Unlock()
	if u.Name != "" {
		g.server.places.Leave(u.Name)
		g.note(audit.Logout, u)
	}
}

func (g *guest) note(kind audit.Kind, u access.User) {
	c := g.caller(u)
	g.server.record(audit.Entry{Kind: kind, Who: u.Name, Role: string(u.Role), How: c.How, From: c.From, Session: c.Session})
}

func (g *guest) caller(u access.User) rpc.Caller {
	return rpc.Caller{User: u, How: how, From: g.from.String(), Session: g.session}
}

type guestKey struct{}

// withGuest has requests know their connection.
func withGuest(ctx context.Context, conn net.Conn) context.Context {
	if t, ok := conn.(*tls.Conn); ok {
		if g, ok := t.NetConn().(*guest); ok {
			return context.WithValue(ctx, guestKey{}, g)
		}
	}
	return ctx
}

func address(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}
