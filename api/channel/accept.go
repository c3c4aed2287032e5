// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// Listener gives a server for HTTP/2 its part of each connection that another
// server, the one with TLS, has taken.
type Listener struct {
	addr   net.Addr
	parts  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*Listener)(nil)

// NewListener returns a listener; addr is the address to tell people.
func NewListener(addr net.Addr) *Listener {
	return &Listener{addr: addr, parts: make(chan net.Conn), closed: make(chan struct{})}
}

// Take has a server, before it serves, leave connections of a Transport to the
// listener, beside all others that it serves itself. Its listener's TLS must
// offer Protocol.
func (l *Listener) Take(s *http.Server) {
	if s.TLSNextProto == nil {
		s.TLSNextProto = make(map[string]func(*http.Server, *tls.Conn, http.Handler))
	}
	s.TLSNextProto[Protocol] = func(_ *http.Server, conn *tls.Conn, _ http.Handler) {
		c := newCarrier(conn)
		defer c.serving.Wait()
		select {
		case l.parts <- mainConn{c.main}:
			c.receive()
		case <-l.closed:
			c.fail(net.ErrClosed)
		}
	}
}

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case part := <-l.parts:
		return part, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Connections that were accepted go on.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the address given.
func (l *Listener) Addr() net.Addr { return l.addr }

type carrierKey struct{}

// ConnContext is for a server of the same name: it notes the connection for
// Handler and Secured.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	if m, ok := conn.(mainConn); ok {
		return context.WithValue(ctx, carrierKey{}, m.carrier)
	}
	return ctx
}

// Secured gives the requests of a Listener's connections what net/http gives those
// of others with TLS.
func Secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(carrierKey{}).(*carrier); ok {
			r.TLS = c.state()
		}
		next.ServeHTTP(w, r)
	})
}

// state returns what is known of the connection's TLS.
func (c *carrier) state() *tls.ConnectionState {
	state := c.conn.ConnectionState()
	return &state
}
