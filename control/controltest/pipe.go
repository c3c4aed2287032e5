// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"io"
	"sync"
)

// Pipe returns the two ends of a connection in memory. Unlike net.Pipe it
// holds whatever is written until it is read, as sockets do up to a size.
func Pipe() (a, b *Conn) {
	x, y := newHalf(), newHalf()
	return &Conn{in: x, out: y}, &Conn{in: y, out: x}
}

// Conn is one end.
type Conn struct{ in, out *half }

var _ io.ReadWriteCloser = (*Conn)(nil)

// Read waits for data; it returns io.EOF once the connection is closed and
// nothing is left.
func (c *Conn) Read(b []byte) (int, error) { return c.in.read(b) }

// Write never waits, unless the other end is stalled.
func (c *Conn) Write(b []byte) (int, error) { return c.out.write(b) }

// Close closes both directions.
func (c *Conn) Close() error {
	c.in.close()
	c.out.close()
	return nil
}

// Stall makes writes of the other end wait, until the connection is closed.
func (c *Conn) Stall() {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.in.stalled = true
}

// half is one direction.
type half struct {
	mu      sync.Mutex
	change  *sync.Cond
	data    []byte
	closed  bool
	stalled bool
}

func newHalf() *half {
	h := new(half)
	h.change = sync.NewCond(&h.mu)
	return h
}

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.data) == 0 && !h.closed {
		h.change.Wait()
	}
	if len(h.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, h.data)
	h.data = h.data[n:]
	return n, nil
}

func (h *half) write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.stalled && !h.closed {
		h.change.Wait()
	}
	if h.closed {
		return 0, io.ErrClosedPipe
	}
	h.data = append(h.data, b...)
	h.change.Broadcast()
	return len(b), nil
}

func (h *half) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.change.Broadcast()
}
