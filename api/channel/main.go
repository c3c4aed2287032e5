// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"crypto/tls"
	"io"
	"net"
	"time"
)

// Secure returns the TLS connection that conn is, or is a part of.
func Secure(conn net.Conn) (*tls.Conn, bool) {
	if m, ok := conn.(mainConn); ok {
		return m.carrier.conn, true
	}
	t, ok := conn.(*tls.Conn)
	return t, ok
}

// mainConn is HTTP/2's part of a connection, and its owner: when it is closed the
// whole connection is.
type mainConn struct{ *stream }

var _ net.Conn = mainConn{}

func (m mainConn) Close() error {
	m.carrier.fail(io.ErrClosedPipe)
	return nil
}

func (m mainConn) LocalAddr() net.Addr  { return m.carrier.conn.LocalAddr() }
func (m mainConn) RemoteAddr() net.Addr { return m.carrier.conn.RemoteAddr() }

func (m mainConn) SetDeadline(t time.Time) error {
	m.expireAt(t)
	return m.SetWriteDeadline(t)
}

func (m mainConn) SetReadDeadline(t time.Time) error {
	m.expireAt(t)
	return nil
}

// SetWriteDeadline is the whole connection's: a TLS connection that a write was
// broken off on is of no use any more.
func (m mainConn) SetWriteDeadline(t time.Time) error { return m.carrier.conn.SetWriteDeadline(t) }
