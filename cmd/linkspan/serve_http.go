// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/channel"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	endTimeout    = 5 * time.Second // for requests under way when a role ends
)

// headerTable is how many bytes of its own headers this side of a connection
// remembers (RFC 7541, 4.2), instead of 4096: a controller has thousands of
// connections, and the headers that repeat are few. What the other side sends is
// read with 4096 as ever: it may do so until it has heard of another size, and
// Go's server gives up a connection that does.
const headerTable = 512

// serveHTTP serves until ctx ends, then gives calls under way endTimeout;
// streams and channels, which would go on for ever, end at once. The server has
// what extend gives it, too.
func serveHTTP(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler, extend ...func(*http.Server)) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	s := &http.Server{
		Handler: endingStreams(ctx, h), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, Protocols: new(http.Protocols),
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug), // anybody can cause these
		BaseContext: func(net.Listener) context.Context { return base }, ConnContext: connContext,
		HTTP2: &http.HTTP2Config{MaxEncoderHeaderTableSize: headerTable},
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	for _, give := range extend {
		give(s)
	}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		patience, cancel := context.WithTimeout(base, endTimeout)
		defer cancel()
		err := s.Shutdown(patience)
		if err != nil {
			end()
			err = s.Close()
		}
		ended <- err
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// connContext notes what handlers ask of a connection.
func connContext(ctx context.Context, conn net.Conn) context.Context {
	return channel.ConnContext(knowTypist(ctx, conn), conn)
}

// endingStreams has the requests of h end with ctx, but for unary calls of the
// API.
func endingStreams(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Content-Type") { // https://connectrpc.com/docs/protocol#unary-request
		case "application/proto", "application/json":
			h.ServeHTTP(w, r)
			return
		}
		own, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
		h.ServeHTTP(w, r.WithContext(own))
	})
}

// listenLocal listens on a local socket that only root can open. A socket file
// that nobody answers on is left over from a crash and is replaced.
func listenLocal(ctx context.Context, path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if answers(ctx, path) {
		return nil, &linkspan.Error{
			Code: linkspan.InUse, Message: "another linkspan process listens on " + path,
			Hint: "end that one, run both roles with linkspan serve all, or name another --socket",
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// listenLoopback refuses any address but a loopback one.
func listenLoopback(ctx context.Context, what, address string) (net.Listener, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().IsLoopback() {
		return nil, usageError{fmt.Errorf("%s %q is not a loopback address like 127.0.0.1:6653", what, address)}
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// profiles serves the runtime's profiles, for measuring.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
