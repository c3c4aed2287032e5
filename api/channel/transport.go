// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// Base is the base of requests through a Transport. Which server answers is the
// dialer's matter, and that the connection is TLS the Transport's.
const Base = "http://controller"

// headerTable is how many bytes of headers both sides of a connection remember of
// what the switch has sent (RFC 7541, 4.2), instead of 4096: a controller remembers
// those of each switch.
const headerTable = 512

// Transport returns a transport for HTTP/2 and channels, in one connection with
// TLS as config says, apart from ALPN. Requests are to http URLs. Its HTTP2 may be
// added to.
func Transport(dial func(ctx context.Context, network, address string) (net.Conn, error), config *tls.Config) *http.Transport {
	config = config.Clone()
	config.NextProtos = []string{Protocol}
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return connect(ctx, tls.Client(conn, config))
		},
		Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxEncoderHeaderTableSize: headerTable},
	}
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// connect makes the handshake, and the client's end of the layer.
func connect(ctx context.Context, conn *tls.Conn) (net.Conn, error) {
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c := newCarrier(conn)
	go c.receive() // ends with the connection, which the transport closes
	return mainConn{c.main}, nil
}
