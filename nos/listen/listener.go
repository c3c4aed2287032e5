// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/tree"
)

// look is how often it is looked whether the configuration says something else.
const look = time.Second

// Options are what a listener needs.
type Options struct {
	Address string            // host:port; without a host, where the configuration says
	Running func() *tree.Tree // the configuration that runs
	Look    time.Duration     // how often it is asked; a second if zero
	Log     *slog.Logger      // slog.Default if nil
}

// Listener listens at several addresses, which change. Any number of goroutines may use it.
type Listener struct {
	options Options
	conns   chan net.Conn
	done    chan struct{}
	end     func()
	all     sync.WaitGroup

	mu   sync.Mutex
	open map[string]net.Listener // by address
	told map[string]bool         // that could not be listened at
}

var _ net.Listener = (*Listener)(nil)

// Open listens. The error is why it cannot be listened at any address.
func Open(ctx context.Context, o Options) (*Listener, error) {
	if o.Look == 0 {
		o.Look = look
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Listener{
		options: o, conns: make(chan net.Conn), done: make(chan struct{}),
		open: map[string]net.Listener{}, told: map[string]bool{},
	}
	l.end = sync.OnceFunc(func() { close(l.done) })
	if err := l.follow(ctx); err != nil && len(l.open) == 0 {
		return nil, err
	}
	l.all.Go(func() { l.keep(ctx) })
	return l, nil
}

// keep follows the configuration until the listener is closed or ctx ends.
func (l *Listener) keep(ctx context.Context) {
	again := time.NewTicker(l.options.Look)
	defer again.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-ctx.Done():
			return
		case <-again.C:
			_ = l.follow(ctx) // it is logged, and tried again
		}
	}
}

// follow listens where the configuration says, and nowhere else.
func (l *Listener) follow(ctx context.Context) error {
	wanted, err := Addresses(l.options.Address, l.options.Running())
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, one := range l.open {
		if !slices.Contains(wanted, at) {
			one.Close()
			delete(l.open, at)
			l.options.Log.Info("nobody is served any more", slog.String("address", at))
		}
	}
	var wrong []error
	for _, at := range wanted {
		if l.open[at] == nil {
			wrong = append(wrong, l.listen(ctx, at))
		}
	}
	return errors.Join(wrong...)
}

// listen is called with the lock held.
func (l *Listener) listen(ctx context.Context, at string) error {
	select {
	case <-l.done:
		return net.ErrClosed
	default:
	}
	var config net.ListenConfig
	if at != l.options.Address {
		config.Control = free
	}
	one, err := config.Listen(ctx, "tcp", at)
	if err != nil {
		if !l.told[at] {
			l.told[at] = true
			l.options.Log.Warn("nobody can be served", slog.String("address", at), slog.Any("error", err))
		}
		return fmt.Errorf("listen: %w", err)
	}
	delete(l.told, at)
	l.open[at] = one
	l.all.Go(func() { l.pass(one) })
	return nil
}

// free lets a socket have an address that the host gets later (ip(7), IP_FREEBIND).
func free(network, _ string, raw syscall.RawConn) error {
	level, option := unix.SOL_IP, unix.IP_FREEBIND
	if strings.HasSuffix(network, "6") {
		level, option = unix.SOL_IPV6, unix.IPV6_FREEBIND
	}
	var wrong error
	err := raw.Control(func(fd uintptr) { wrong = unix.SetsockoptInt(int(fd), level, option, 1) })
	return errors.Join(err, wrong)
}

// pass passes connections on until the one listener is closed.
func (l *Listener) pass(one net.Listener) {
	for {
		conn, err := one.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many files, or a peer that has gone
			l.options.Log.Warn("a connection was not accepted", slog.Any("error", err))
			select {
			case <-l.done:
				return
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		select {
		case l.conns <- conn:
		case <-l.done:
			conn.Close()
			return
		}
	}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections stay.
func (l *Listener) Close() error {
	l.end()
	l.mu.Lock()
	for at, one := range l.open {
		one.Close()
		delete(l.open, at)
	}
	l.mu.Unlock()
	l.all.Wait()
	return nil
}

// Addr implements net.Listener: one of those it listens at; nil when there is none.
func (l *Listener) Addr() net.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.open {
		return one.Addr()
	}
	return nil
}

// Addresses returns where it listens now.
func (l *Listener) Addresses() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]string, 0, len(l.open))
	for _, one := range l.open {
		all = append(all, one.Addr().String())
	}
	slices.Sort(all)
	return all
}
