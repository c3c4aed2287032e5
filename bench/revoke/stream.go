// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan/ovs/netns"
)

// port is where containers are asked.
const port = 7000

// What a stream sends, and how often: so often that the last byte says when it was cut.
const (
	piece = 512
	pace  = 200 * time.Microsecond
)

// flow is a running stream.
type flow struct {
	out, in net.Conn
	parts   sync.WaitGroup
	bytes   atomic.Int64
	last    atomic.Int64 // when the last of them came, in nanoseconds since began
	began   time.Time
}

// inside makes a socket in the namespace of a container.
func (e *end) inside(do func() error) error {
	space, err := netns.Open(e.space)
	if err != nil {
		return err
	}
	return errors.Join(space.Do(do), space.Close())
}

// open has one container ask another until there is a connection, and starts the
// stream.
func open(ctx context.Context, from, to *end) (f *flow, err error) {
	f = &flow{began: time.Now()}
	var l net.Listener
	at := netip.AddrPortFrom(to.address, port).String()
	if err := to.inside(func() (err error) {
		var c net.ListenConfig
		l, err = c.Listen(ctx, "tcp4", at)
		return err
	}); err != nil {
		return nil, err
	}
	defer l.Close()
	err = eventually(ctx, func() error {
		return from.inside(func() (err error) {
			d := net.Dialer{Timeout: 2 * time.Second}
			f.out, err = d.DialContext(ctx, "tcp4", at)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if f.in, err = l.Accept(); err != nil {
		return nil, errors.Join(err, f.out.Close())
	}
	f.parts.Go(f.send)
	f.parts.Go(f.receive)
	return f, nil
}

// send sends until the connection is closed.
func (f *flow) send() {
	b, tick := make([]byte, piece), time.NewTicker(pace)
	defer tick.Stop()
	for range tick.C {
		if _, err := f.out.Write(b); err != nil {
			return
		}
	}
}

// receive notes what comes until the connection is closed.
func (f *flow) receive() {
	b := make([]byte, 64<<10)
	for {
		n, err := f.in.Read(b)
		if n > 0 {
			f.last.Store(int64(time.Since(f.began)))
			f.bytes.Add(int64(n))
		}
		if err != nil {
			return
		}
	}
}

// close ends the stream. What was sent and did not arrive is not waited for.
func (f *flow) close() error {
	if c, ok := f.out.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // where it fails the socket is lost a little later
	}
	err := errors.Join(f.out.Close(), f.in.Close())
	f.parts.Wait()
	return err
}

// settled is how much of a stream comes before it is cut.
const settled = 500 * piece

// runs waits until the stream runs.
func (f *flow) runs(ctx context.Context) error {
	return eventually(ctx, func() error {
		if n := f.bytes.Load(); n < settled {
			return fmt.Errorf("%d bytes have arrived", n)
		}
		return nil
	})
}
