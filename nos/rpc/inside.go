// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/api"
)

// Inside is a way to the services from inside of the process, for those who have proved
// elsewhere who they are.
type Inside struct {
	handler http.Handler
	log     *slog.Logger
	conns   chan net.Conn
	done    chan struct{}
	once    sync.Once
}

// NewInside returns a way to a handler. It leads nowhere before [Inside.Run].
func NewInside(h http.Handler, log *slog.Logger) *Inside {
	return &Inside{handler: h, log: log, conns: make(chan net.Conn), done: make(chan struct{})}
}

// known is a connection of somebody.
type known struct {
	net.Conn
	caller Caller
}

// Run serves until ctx ends, with which calls under way end.
func (i *Inside) Run(ctx context.Context) error {
	s := &http.Server{ //nolint:gosec // who connects is of this process
		Handler: i.handler, Protocols: new(http.Protocols), ErrorLog: slog.NewLogLogger(i.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if k, ok := c.(known); ok {
				return WithCaller(ctx, k.caller)
			}
			return ctx
		},
	}
	s.Protocols.SetUnencryptedHTTP2(true)
	defer context.AfterFunc(ctx, func() { s.Close() })()
	err := s.Serve(i)
	i.Close()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

var _ net.Listener = (*Inside)(nil)

// Accept implements net.Listener for the server.
func (i *Inside) Accept() (net.Conn, error) {
	select {
	case c := <-i.conns:
		return c, nil
	case <-i.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener for the server.
func (i *Inside) Close() error {
	i.once.Do(func() { close(i.done) })
	return nil
}

// Addr implements net.Listener for the server.
func (i *Inside) Addr() net.Addr { return &net.UnixAddr{Name: "inside", Net: "unix"} }

// As returns a client of somebody. Its Close ends his connections when nothing is under way.
func (i *Inside) As(c Caller) *api.Client {
	t := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return i.dial(ctx, c) },
		Protocols:   new(http.Protocols),
	}
	t.Protocols.SetUnencryptedHTTP2(true)
	return api.NewClient(&http.Client{Transport: t}, "http://switch")
}

func (i *Inside) dial(ctx context.Context, c Caller) (net.Conn, error) {
	near, far, err := pair()
	if err != nil {
		return nil, fmt.Errorf("connect to this process: %w", err)
	}
	select {
	case i.conns <- known{far, c}:
		return near, nil
	case <-i.done:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	near.Close()
	far.Close()
	return nil, err
}

// pair returns two connected sockets.
func pair() (a, b net.Conn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	first, second := os.NewFile(uintptr(fds[0]), "inside"), os.NewFile(uintptr(fds[1]), "inside")
	defer first.Close()  //nolint:errcheck // FileConn has one of its own
	defer second.Close() //nolint:errcheck // as above
	if a, err = net.FileConn(first); err != nil {
		return nil, nil, err
	}
	if b, err = net.FileConn(second); err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}
