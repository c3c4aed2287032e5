// SPDX-License-Identifier: Apache-2.0

package session

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Handler gets what a switch sends unasked. Its methods are called by one
// goroutine, in the order of arrival; what they are given is valid until they
// return. They may append to any session.
type Handler interface {
	PacketIn(m openflow.Message)
	FlowRemoved(m openflow.Message)
	// Refused gets an error message that answers no request of this package.
	Refused(e *openflow.ErrorMessage)
}

// Session is one OpenFlow connection. Its methods may be called concurrently,
// but for Handshake and Run.
type Session struct {
	conn    io.ReadWriteCloser
	cfg     Config
	reader  *openflow.Reader
	out     *outbox
	pending pending
	xids    atomic.Uint32
	began   time.Time
	echoed  atomic.Int64 // when the last echo reply came, nanoseconds after began: the wall clock may jump
	garbled bool         // a malformed error message was logged; under the reader

	resting bool // nothing but probes came since the last one; under the reader

	failing sync.Once
	failed  chan struct{} // closed when err is set
	closed  chan struct{} // closed when, after that, the connection is
	err     error
}

// New returns a session over conn, which it closes at its end.
func New(conn io.ReadWriteCloser, cfg Config) *Session {
	cfg.applyDefaults()
	s := &Session{
		conn: conn, cfg: cfg, reader: openflow.NewReader(conn), out: new(outbox),
		failed: make(chan struct{}), closed: make(chan struct{}),
	}
	s.pending.calls = make(map[uint32]*call)
	s.began = time.Now()
	return s
}

// Fail ends the session; err is what Run returns. Only the first error counts.
// It does not wait for anything.
func (s *Session) Fail(err error) {
	s.failing.Do(func() {
		s.err = err
		close(s.failed)
		go func() { // closing may wait, and unblocks reader and writer; Run waits for it
			defer close(s.closed)
			s.conn.Close()
		}()
	})
}

// Failed is closed when the session is ending; what is appended from then on
// is lost.
func (s *Session) Failed() <-chan struct{} { return s.failed }

// Begin locks the out-buffer and returns it for messages to be appended.
// Nothing else is appended before End, which must follow soon: a goroutine
// between the two must not wait for anything, nor begin on another session.
func (s *Session) Begin() []byte {
	s.out.mu.Lock()
	return s.out.buf
}

// End takes the buffer back and has it written soon.
func (s *Session) End(b []byte) {
	s.store(b)
	s.out.rouse(s.flush)
}

// EndQuietly takes the buffer back. It is for the session's own Handler: what
// it appends is written when no more messages are waiting to be handled.
func (s *Session) EndQuietly(b []byte) { s.store(b) }

// Wake has what was appended quietly written soon.
func (s *Session) Wake() { s.out.rouse(s.flush) }

// flush writes what was appended, unless another goroutine does so. It waits for
// the switch to read.
func (s *Session) flush() {
	if err := s.out.flush(s.conn); err != nil {
		s.Fail(unavailable("write to the switch", err))
	}
}

// Settled says whether the switch has answered every request of Barrier and Dump.
func (s *Session) Settled() bool { return s.pending.none() }

func (s *Session) store(b []byte) {
	s.out.buf = b
	stalled := s.out.waiting() > s.cfg.Buffer
	s.out.mu.Unlock()
	if stalled {
		s.Fail(&linkspan.Error{Code: linkspan.Unavailable, Message: "the switch does not read what it is sent"})
	}
}

// XID returns a transaction id that no other message of this session has had
// for a long time. It is never 0: 0 is for messages without an answer.
func (s *Session) XID() uint32 {
	for {
		if x := s.xids.Add(1); x != 0 {
			return x
		}
	}
}
