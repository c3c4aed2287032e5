// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Options say who a switch is and where its controller is.
type Options struct {
	Address string      // host:port
	TLS     *tls.Config // nil for plain TCP
	DPID    uint64
	Ports   []Host // reported as the switch's ports
}

// Dial connects a switch. The handshake goes on by itself; Ready waits for it.
func Dial(ctx context.Context, o Options) (*Switch, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("switch %016x: %w", o.DPID, err)
	}
	if o.TLS != nil {
		secure := tls.Client(conn, o.TLS)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close() // the handshake's error says more
			return nil, fmt.Errorf("switch %016x: %w", o.DPID, err)
		}
		conn = secure
	}
	return start(conn, o)
}

// start says hello on conn, which it then owns.
func start(conn net.Conn, o Options) (*Switch, error) {
	s := newSwitch(conn, o)
	s.out = (&openflow.Hello{Versions: 1 << openflow.Version}).Append(s.out, 0)
	if err := s.flush(); err != nil {
		_ = conn.Close() // the write's error says more
		return nil, fmt.Errorf("switch %016x: %w", o.DPID, err)
	}
	go s.serve()
	return s, nil
}
