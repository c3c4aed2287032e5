// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

// inside calls f on a thread that is in a network namespace: sockets that f makes
// belong there.
func inside(t testing.TB, ns string, f func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with this goroutine
		h, err := netns.GetFromName(ns)
		if err == nil {
			err = netns.Set(h)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// listen listens in a container for TCP.
func (w *world) listen(name, address string) net.Listener {
	w.t.Helper()
	var l net.Listener
	var err error
	inside(w.t, w.containers[name], func() { l, err = new(net.ListenConfig).Listen(w.ctx, "tcp", address) })
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = l.Close() })
	return l
}

// dial connects from a container; the error is the connection's.
func (w *world) dial(name, network, address string, patience time.Duration) (c net.Conn, err error) {
	inside(w.t, w.containers[name], func() {
		d := net.Dialer{Timeout: patience}
		c, err = d.DialContext(w.ctx, network, address)
	})
	if err == nil {
		w.t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// shortly is how long a test waits for what must not happen.
const shortly = 2500 * time.Millisecond

// opens says whether a connection can be opened in a time. A SYN is sent again after one second, and
// after two more.
func (w *world) opens(from, address string, within time.Duration) bool {
	w.t.Helper()
	c, err := w.dial(from, "tcp4", address, within)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// stream is a TCP connection through which bytes flow that count up, so that a lost
// or doubled one shows.
type stream struct {
	conn     net.Conn // of who sends
	sent     atomic.Int64
	received atomic.Int64
	wrong    atomic.Int64
	ended    chan struct{}
}

// stream begins to send from one container to a listener of another, in the direction
// of the opening, or against it.
func (w *world) stream(from, to, port string, against bool) *stream {
	w.t.Helper()
	l := w.listen(to, ":"+port)
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	c, err := w.dial(from, "tcp4", net.JoinHostPort(w.endpoints[to].Address.String(), port), patience)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &stream{conn: c, ended: make(chan struct{})}
	other := <-accepted
	_ = l.Close() // another stream may have the port next
	w.t.Cleanup(func() { _ = other.Close() })
	if against {
		s.conn, other = other, c
	}
	go s.send()
	go s.receive(other)
	return s
}

func (s *stream) send() {
	defer close(s.ended)
	b := make([]byte, 1000)
	for n := int64(0); ; n += int64(len(b)) {
		for i := range b {
			b[i] = byte((n + int64(i)) % 251)
		}
		if _, err := s.conn.Write(b); err != nil {
			return
		}
		s.sent.Add(int64(len(b)))
		time.Sleep(time.Millisecond)
	}
}

func (s *stream) receive(c net.Conn) {
	b := make([]byte, 4096)
	for n := int64(0); ; {
		k, err := c.Read(b)
		for i := range k {
			if b[i] != byte((n+int64(i))%251) {
				s.wrong.Add(1)
			}
		}
		n += int64(k)
		s.received.Add(int64(k))
		if err != nil {
			return
		}
	}
}

// flows waits until more bytes have come.
func (s *stream) flows(t *testing.T, what string) {
	t.Helper()
	before := s.received.Load()
	eventually(t, what, func() bool { return s.received.Load() > before+20000 })
	if s.wrong.Load() > 0 {
		t.Errorf("%s: %d bytes are not those that were sent", what, s.wrong.Load())
	}
}

// stands waits until no bytes come for a while, and returns how long they came
// on since the given time, at most.
func (s *stream) stands(t *testing.T, since time.Time) (after time.Duration) {
	t.Helper()
	last, at := s.received.Load(), since
	eventually(t, "the stream to stop", func() bool {
		if n := s.received.Load(); n != last {
			last, at = n, time.Now()
		}
		return time.Since(at) > time.Second
	})
	return at.Sub(since)
}
