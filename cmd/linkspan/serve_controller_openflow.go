// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/trust"
)

// acceptPause is how long to wait when no connection can be accepted.
const acceptPause = 100 * time.Millisecond

// accept runs one session.
func (b *brain) accept(ctx context.Context, conn io.ReadWriteCloser, peer control.Peer) {
	b.ended(ctx, peer.Remote, b.hub.Accept(ctx, conn, peer))
}

// ended notes why a session ended, unless the controller ends.
func (b *brain) ended(ctx context.Context, remote string, err error) {
	if err != nil && ctx.Err() == nil {
		b.role.log.Info("openflow session ended", "remote", remote, "error", err)
	}
}

// listenOpenFlow takes OpenFlow connections of foreign switches.
func (b *brain) listenOpenFlow(ctx context.Context, parts *errgroup.Group) error {
	c := b.role
	if c.openflow != "" {
		config, err := b.keys.tls.OpenFlowConfig()
		if err != nil {
			return err
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.openflow)
		if err != nil {
			return err
		}
		parts.Go(func() error { return b.acceptAll(ctx, tls.NewListener(l, config), new(strangers).until(peerOfTLS)) })
	}
	if c.openflowPlain != "" {
		l, err := listenLoopback(ctx, "--openflow-plain", c.openflowPlain)
		if err != nil {
			return err
		}
		c.log.Warn("openflow without TLS is open; for measuring only", "address", l.Addr())
		parts.Go(func() error {
			return b.acceptAll(ctx, l, func(_ context.Context, conn net.Conn) (control.Peer, error) {
				return control.Peer{Remote: conn.RemoteAddr().String()}, nil
			})
		})
	}
	return nil
}

// openflowAt returns host:port of where foreign switches connect: the host that
// the listener is bound to, or else those where the API is reached.
func (c *controllerRole) openflowAt() []string {
	host, port, err := net.SplitHostPort(c.openflow)
	if err != nil { // there is no such listener
		return nil
	}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		return []string{c.openflow}
	}
	var at []string
	for _, a := range c.advertise {
		if host, _, err = net.SplitHostPort(a); err == nil {
			at = append(at, net.JoinHostPort(host, port))
		}
	}
	return at
}

// acceptAll runs a session on each connection until ctx ends, and waits for
// them.
func (b *brain) acceptAll(ctx context.Context, l net.Listener, who func(context.Context, net.Conn) (control.Peer, error)) error {
	var sessions errgroup.Group
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return sessions.Wait()
		}
		if err != nil { // out of descriptors: others will end
			b.role.log.Warn("openflow connection not accepted", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
			continue
		}
		sessions.Go(func() error {
			peer, err := who(ctx, conn)
			if err != nil {
				b.role.log.Info("openflow connection refused", "remote", conn.RemoteAddr(), "error", err)
				return conn.Close()
			}
			good, end := b.server.WhileValid(ctx, certificateOf(conn))
			defer end()
			b.accept(good, conn, peer)
			return nil
		})
	}
}

// certificateOf returns what the peer showed, nil without TLS.
func certificateOf(conn net.Conn) *x509.Certificate {
	t, ok := conn.(*tls.Conn)
	if !ok {
		return nil
	}
	return t.ConnectionState().PeerCertificates[0] // the handshake needs one
}

// peerOfTLS finishes the handshake and says which chassis it is.
func peerOfTLS(ctx context.Context, conn net.Conn) (control.Peer, error) {
	t := conn.(*tls.Conn)
	ctx, cancel := context.WithTimeout(ctx, headerTimeout)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return control.Peer{}, err
	}
	id, err := trust.PeerIdentity(t.ConnectionState())
	if err != nil {
		return control.Peer{}, err
	}
	if id.Number == 0 {
		return control.Peer{}, &linkspan.Error{
			Code: linkspan.Permission, Message: "the certificate of " + id.Label() + " carries no switch's number",
			Hint: "certify it with: linkspan switch certify",
		}
	}
	return control.Peer{Chassis: id.Number, Remote: conn.RemoteAddr().String()}, nil
}
