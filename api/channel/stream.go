// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"encoding/binary"
	"io"
	"os"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

const (
	// window is how many bytes of a channel may have been sent and not been read.
	window = 256 << 10
	// backlog is how many bytes of HTTP/2 may have come and not been read before no
	// more are taken out of the connection: many, as its reader never waits for long.
	backlog = 1 << 20
)

// stream is one's part of a connection.
type stream struct {
	carrier *carrier
	number  uint16
	ended   func() // called once at the end, if not nil

	mu       sync.Mutex
	change   sync.Cond // of anything below
	in       []byte    // come and not read
	read     int       // how many bytes of in were
	credit   int       // bytes that may be sent
	owed     int       // bytes that were read and not granted anew
	err      error     // why there is no more
	left     bool      // it was closed here
	deadline time.Time // for reading
	alarm    *time.Timer
}

func newStream(c *carrier, number uint16) *stream {
	s := &stream{carrier: c, number: number, credit: window}
	s.change.L = &s.mu
	return s
}

// deliver takes bytes that came.
func (s *stream) deliver(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number != 0 && len(s.in)-s.read+len(b)+s.owed > window && s.err == nil {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "the other side sends more than it may"}
	}
	for s.number == 0 && s.err == nil && len(s.in)-s.read > backlog {
		s.change.Wait()
	}
	if s.err != nil {
		return nil
	}
	s.in = append(s.in, b...)
	s.change.Broadcast()
	return nil
}

// Read waits for bytes.
func (s *stream) Read(p []byte) (int, error) {
	n, grant, err := s.take(p)
	if grant > 0 {
		var b [grantLen]byte
		binary.BigEndian.PutUint32(b[:], uint32(grant))
		_ = s.carrier.send(s.number|grantBit, b[:]) // a connection that is gone says so to the next Read
	}
	return n, err
}

// take returns bytes and how many to grant for them.
func (s *stream) take(p []byte) (n, grant int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.read == len(s.in) {
		switch {
		case s.err != nil:
			return 0, 0, s.err
		case s.late():
			return 0, 0, os.ErrDeadlineExceeded
		}
		s.change.Wait()
	}
	n = copy(p, s.in[s.read:])
	s.consumed(n)
	if s.number != 0 {
		if s.owed += n; s.owed >= window/2 {
			grant, s.owed = s.owed, 0
		}
	}
	return n, grant, nil
}

// late says whether the deadline for reading has passed.
func (s *stream) late() bool { return !s.deadline.IsZero() && !time.Now().Before(s.deadline) }

// consumed forgets bytes that were read.
func (s *stream) consumed(n int) {
	if len(s.in)-s.read > backlog {
		s.change.Broadcast() // deliver may wait
	}
	if s.read += n; s.read < len(s.in) {
		return
	}
	s.read, s.in = 0, s.in[:0]
	if cap(s.in) > pieceLen {
		s.in = nil // most connections rest
	}
}

// Write sends p, as far as the other side lets it.
func (s *stream) Write(p []byte) (sent int, err error) {
	for sent < len(p) {
		n, err := s.may(min(len(p)-sent, chunk))
		if err != nil {
			return sent, err
		}
		if err := s.carrier.send(s.number, p[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// may waits until some of n bytes may be sent.
func (s *stream) may(n int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.number != 0 && s.credit == 0 && s.err == nil {
		s.change.Wait()
	}
	if s.err != nil {
		return 0, io.ErrClosedPipe
	}
	if s.number != 0 {
		n = min(n, s.credit)
		s.credit -= n
	}
	return n, nil
}

// granted lets more be sent.
func (s *stream) granted(n uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > window || s.credit+int(n) > window {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "the other side grants more than it may"}
	}
	s.credit += int(n)
	s.change.Broadcast()
	return nil
}

// end unblocks Read, once it has read what came, and Write.
func (s *stream) end(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
	}
	if s.alarm != nil {
		s.alarm.Stop()
	}
	s.change.Broadcast()
	s.mu.Unlock()
	if first && s.ended != nil {
		s.ended()
	}
}

// close is end for whoever has no use for what came either; the other side is
// told. It may be called again.
func (s *stream) close() {
	s.end(io.ErrClosedPipe)
	s.mu.Lock()
	again := s.left
	s.left, s.in, s.read = true, nil, 0
	s.mu.Unlock()
	if again {
		return
	}
	s.carrier.forget(s.number)
	s.carrier.hasten()
	_ = s.carrier.send(s.number|grantBit, nil) // the end of the connection says it, too
}

// expireAt has Read give up at a time, the zero one is never.
func (s *stream) expireAt(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alarm != nil {
		s.alarm.Stop()
	}
	s.deadline, s.alarm = t, nil
	if !t.IsZero() {
		s.alarm = time.AfterFunc(time.Until(t), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.change.Broadcast()
		})
	}
	s.change.Broadcast()
}
