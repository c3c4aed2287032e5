// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"crypto/x509"
	"sync"
	"time"

	"connectrpc.com/connect"
)

// certificateInterval is how often the certificate of what stands is looked at.
const certificateInterval = 30 * time.Second

// WhileGood returns a context that ends when the certificate of the caller
// expires or is revoked, with that as its cause; it is for what stands longer
// than a call. The function ends it earlier and must be called.
func (s *Server) WhileGood(ctx context.Context) (context.Context, context.CancelFunc) {
	return s.WhileValid(ctx, callerOf(ctx).cert)
}

// WhileValid is [Server.WhileGood] for a connection that is not the API's, and
// the certificate that its peer showed; nil is one that needs none.
func (s *Server) WhileValid(ctx context.Context, cert *x509.Certificate) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if cert == nil { // the local socket: its file mode is the certificate
		return ctx, func() { cancel(nil) }
	}
	var mu sync.Mutex // held by a look; a timer and no goroutine, as most that stands rests
	mu.Lock()
	defer mu.Unlock()
	var timer *time.Timer
	timer = time.AfterFunc(s.recheck, func() {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if err := s.trust.Check(cert); err != nil {
			cancel(err)
			return
		}
		timer.Reset(s.recheck)
	})
	return ctx, func() {
		cancel(nil)
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
	}
}

// standing ends streams with the certificate that opened them.
type standing struct{ server *Server }

var _ connect.Interceptor = standing{}

func (standing) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (standing) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (i standing) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		good, end := i.server.WhileGood(ctx)
		defer end()
		err := next(good, conn)
		if cause := context.Cause(good); cause != nil && ctx.Err() == nil {
			return cause
		}
		return err
	}
}
