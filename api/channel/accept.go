// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"context"
	"crypto/tls"
	"net/http"

	"golang.org/x/net/http2"
)

type carrierKey struct{}

// Accept has a server take connections of a Transport beside all others. It is
// to be called before the server serves, and its listener's TLS must offer
// Protocol.
func Accept(s *http.Server) error {
	both := new(http2.Server)
	if err := http2.ConfigureServer(s, both); err != nil {
		return err
	}
	s.TLSNextProto[Protocol] = func(s *http.Server, conn *tls.Conn, h http.Handler) {
		c := newCarrier(conn)
		received := make(chan struct{})
		go func() {
			defer close(received)
			c.receive()
		}()
		both.ServeConn(mainConn{c.main}, &http2.ServeConnOpts{
			Context: context.WithValue(baseContext(h), carrierKey{}, c), BaseConfig: s, Handler: h,
		})
		_ = mainConn{c.main}.Close() // it is, as a rule
		<-received
	}
	return nil
}

// baseContext returns the context that net/http gives to the handler of a
// connection.
func baseContext(h http.Handler) context.Context {
	if b, ok := h.(interface{ BaseContext() context.Context }); ok {
		return b.BaseContext()
	}
	return context.Background()
}
