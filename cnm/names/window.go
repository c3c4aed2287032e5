// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/net/dns/dnsmessage"
)

// The bounds of one namespace.
const (
	maxQuery       = 4096 // of a message by UDP, bytes; Docker's resolver takes 512
	maxQueries     = 128  // by UDP that are being answered
	maxConnections = 16   // by TCP
)

// Window is where the containers of one namespace ask. It answers from when it
// is opened until it is closed.
type Window struct {
	resolver *Resolver
	space    *namespace
	udp      *net.UDPConn
	tcp      *net.TCPListener
	redirect *redirect
	beyond   func(*Window) []dialer // who is asked what is none of ours
	scopes   atomic.Pointer[[]Scope]

	queries     chan struct{} // tokens
	connections chan struct{}
	cancel      context.CancelFunc
	running     sync.WaitGroup
}

// Open begins to answer in the namespace at a path, for containers in the
// networks of the scopes. The error has code NotFound while there is no
// namespace, and Unavailable when the kernel is too old.
func Open(ctx context.Context, resolver *Resolver, path string, scopes []Scope) (*Window, error) {
	return open(ctx, resolver, path, scopes, beyondDocker)
}

func open(ctx context.Context, resolver *Resolver, path string, scopes []Scope, beyond func(*Window) []dialer) (*Window, error) {
	space, err := openNamespace(path)
	if err != nil {
		return nil, err
	}
	w := &Window{
		resolver: resolver, space: space, beyond: beyond,
		queries: make(chan struct{}, maxQueries), connections: make(chan struct{}, maxConnections),
	}
	w.SetScopes(scopes)
	if w.udp, w.tcp, err = space.listen(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("listen in %s: %w", path, err), space.Close())
	}
	// Sockets first: whoever is redirected is heard.
	if w.redirect, err = newRedirect(int(space.file.Fd()), port(w.udp.LocalAddr()), port(w.tcp.Addr())); err != nil {
		return nil, errors.Join(err, w.udp.Close(), w.tcp.Close(), space.Close())
	}
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.running.Go(func() { w.servePackets(ctx) })
	w.running.Go(func() { w.serveStreams(ctx) })
	return w, nil
}

func port(address net.Addr) uint16 {
	switch a := address.(type) {
	case *net.UDPAddr:
		return uint16(a.Port)
	case *net.TCPAddr:
		return uint16(a.Port)
	}
	return 0
}

// SetScopes changes the networks that are searched.
func (w *Window) SetScopes(scopes []Scope) {
	scopes = slices.Clone(scopes)
	w.scopes.Store(&scopes)
}

// Close takes the redirection away, and then all else. The namespace is free to
// go when it returns.
func (w *Window) Close() error {
	err := errors.Join(w.redirect.Close(), w.udp.Close(), w.tcp.Close())
	w.cancel()
	w.running.Wait()
	return errors.Join(err, w.space.Close())
}

// answer answers a message: ourselves, or through ask. It returns nil for what
// is not worth an answer.
func (w *Window) answer(ctx context.Context, message []byte, stream bool, ask func(context.Context, []byte) ([]byte, error)) []byte {
	if len(message) < headerSize {
		return nil
	}
	if reply := w.resolver.Resolve(ctx, *w.scopes.Load(), message, stream); reply != nil {
		return reply
	}
	if reply, err := ask(ctx, message); err == nil {
		return reply
	}
	return unable(message)
}

// unable says that there is no answer now, so that nobody waits for one.
func unable(message []byte) []byte {
	q, err := parse(message)
	if err != nil {
		return nil
	}
	return orNil(q.fail(dnsmessage.RCodeServerFailure))
}

// enter takes a token, and says whether there was one.
func enter(tokens chan struct{}) bool {
	select {
	case tokens <- struct{}{}:
		return true
	default:
		return false
	}
}
