// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
)

// Protocol is the layer's name in ALPN.
const Protocol = "linkspan/1"

const (
	headerLen = 4
	grantBit  = 1 << 15
	grantLen  = 4
	chunk     = 16<<10 - headerLen // bytes of one frame, so that it fills a record of TLS; others may send longer ones
	pieceLen  = 1 << 10            // bytes that are taken out of the connection at a time, and of buffers that are kept
	// stuck is how long a write may last once somebody has given up on it: the other
	// side does not read at all any more.
	stuck = 5 * time.Second
)

// carrier shares one connection between HTTP/2 and channels.
type carrier struct {
	conn *tls.Conn
	in   io.Reader // what comes by it
	main *stream   // HTTP/2's

	writing sync.Mutex
	frame   []byte      // being written; under writing
	limited atomic.Bool // there may be a deadline for writing

	serving sync.WaitGroup // handlers of channels

	mu      sync.Mutex
	streams map[uint16]*stream
	err     error // why the connection ended
}

func newCarrier(conn *tls.Conn) *carrier {
	c := &carrier{conn: conn, in: conn, streams: make(map[uint16]*stream)}
	c.main = newStream(c, 0)
	c.streams[0] = c.main
	return c
}

// open returns the stream of a channel that is not open yet. ended is called when
// it has ended, unless it is nil.
func (c *carrier) open(number uint16, ended func()) (*stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return nil, c.err
	case number == 0 || number&grantBit != 0 || c.streams[number] != nil:
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("channel %d cannot be opened", number)}
	}
	s := newStream(c, number)
	s.ended = ended
	c.streams[number] = s
	return s, nil
}

func (c *carrier) of(number uint16) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[number]
}

func (c *carrier) forget(number uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, number)
}

// receive hands out what comes until the connection ends.
func (c *carrier) receive() {
	piece := make([]byte, pieceLen)
	for {
		if err := c.receiveFrame(piece); err != nil {
			c.fail(err)
			return
		}
	}
}

// receiveFrame hands out one frame. What is for a channel that is not open any
// more is dropped.
func (c *carrier) receiveFrame(piece []byte) error {
	if _, err := io.ReadFull(c.in, piece[:headerLen]); err != nil {
		return err
	}
	number, left := binary.BigEndian.Uint16(piece), int(binary.BigEndian.Uint16(piece[2:]))
	s := c.of(number &^ grantBit)
	if number&grantBit != 0 {
		return c.receiveGrant(s, piece, left)
	}
	for left > 0 {
		n, err := c.in.Read(piece[:min(left, len(piece))])
		if n > 0 && s != nil {
			if err := s.deliver(piece[:n]); err != nil {
				return err
			}
		}
		if left -= n; left > 0 && err != nil {
			return err
		}
	}
	return nil
}

// receiveGrant takes a grant, or the news that the other side has closed a channel.
func (c *carrier) receiveGrant(s *stream, piece []byte, size int) error {
	if size == 0 && s != nil && s != c.main {
		s.end(io.EOF)
		return nil
	}
	if size != grantLen && (size != 0 || s != nil) {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("a grant has %d bytes", size)}
	}
	if _, err := io.ReadFull(c.in, piece[:size]); err != nil {
		return err
	}
	if s == nil {
		return nil
	}
	return s.granted(binary.BigEndian.Uint32(piece))
}

// send writes one frame.
func (c *carrier) send(number uint16, b []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.limited.Swap(false) { // the write that was given up on ended after all
		_ = c.conn.SetWriteDeadline(time.Time{}) // a connection that is gone says so when it is written to
	}
	c.frame = binary.BigEndian.AppendUint16(c.frame[:0], number)
	c.frame = binary.BigEndian.AppendUint16(c.frame, uint16(len(b)))
	c.frame = append(c.frame, b...)
	_, err := c.conn.Write(c.frame)
	if cap(c.frame) > pieceLen {
		c.frame = nil // most connections rest
	}
	if err != nil {
		c.fail(err)
	}
	return err
}

// hasten ends the connection unless what is being written now is taken soon.
func (c *carrier) hasten() {
	if c.writing.TryLock() {
		c.writing.Unlock()
		return
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(stuck)) // a connection that is gone has no deadlines
	c.limited.Store(true)                              // in this order, so that no later write is left with it
}

// fail ends the connection and all that is on it. Only the first error counts.
func (c *carrier) fail(err error) {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.err = fmt.Errorf("connection: %w", err)
		if errors.Is(err, io.EOF) {
			c.err = io.EOF
		}
	}
	var all []*stream
	for _, s := range c.streams {
		all = append(all, s)
	}
	c.mu.Unlock()
	if !first {
		return
	}
	_ = c.conn.NetConn().Close() // unblocks whoever reads and writes; TLS's own farewell could wait
	for _, s := range all {
		s.end(c.err)
	}
}
