// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve serves a handler at a listener until ctx ends or the listener fails. Calls that are
// under way have a moment to end.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	const farewell = 2 * time.Second
	const maxHeader = 64 << 10
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		if s.Shutdown(end) != nil {
			_ = s.Close() // what is left has had its time
		}
	})
	err := s.Serve(l)
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		return nil //nolint:nilerr // it was to end
	}
	return err
}
