// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// batch is how many messages are handled, at most, before their answers are
// written.
const batch = 256

// tick is how often deadlines of calls are looked at.
const tick = 250 * time.Millisecond

// Run reads until the connection ends, ctx is done, or Fail is called, and
// returns why. It closes the connection and waits for all that it started.
func (s *Session) Run(ctx context.Context, h Handler) error {
	s.echoed.Store(int64(time.Since(s.began)))
	stop := context.AfterFunc(ctx, func() { s.Fail(context.Cause(ctx)) })
	defer stop()
	s.out.begin(s.flush)
	ends := s.watch()
	s.Fail(s.read(h))
	ends()
	s.out.end()
	<-s.closed
	s.pending.end(s.err)
	return s.err
}

// watch probes the switch and looks at deadlines until the session fails. It is a
// timer and no goroutine: there are many sessions, and most of them rest. The
// function ends it, and returns when it has ended.
func (s *Session) watch() (end func()) {
	pause := min(tick, s.cfg.ProbeTime)
	next := time.Now().Add(s.cfg.ProbeTime)
	var mu sync.Mutex // held by a look
	var timer *time.Timer
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(pause, func() {
		mu.Lock()
		defer mu.Unlock()
		select {
		case <-s.failed:
		default:
			next = s.look(time.Now(), next)
			timer.Reset(pause)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
	}
}

// look does what is due, and returns when the next probe is.
func (s *Session) look(now, next time.Time) time.Time {
	s.pending.expire(now, &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch did not answer in time"})
	if time.Since(s.began)-time.Duration(s.echoed.Load()) > s.cfg.DeadTime {
		s.Fail(&linkspan.Error{Code: linkspan.Unavailable, Message: "the switch does not answer probes"})
	}
	if now.Before(next) {
		return next
	}
	s.End(new(openflow.EchoRequest).Append(s.Begin(), 0))
	return now.Add(s.cfg.ProbeTime)
}

// read hands messages to h until the connection ends.
func (s *Session) read(h Handler) error {
	for n := 1; ; n++ {
		m, err := s.reader.Next()
		if err != nil {
			return s.ended(err)
		}
		s.handle(h, m)
		if s.reader.Buffered() == 0 || n%batch == 0 {
			if err := s.out.flush(s.conn); err != nil {
				return unavailable("write to the switch", err)
			}
		}
	}
}

// ended says how the stream ended.
func (s *Session) ended(err error) error {
	if errors.Is(err, io.EOF) {
		return unavailable("the switch closed the connection", nil)
	}
	var malformed openflow.DecodeError
	if errors.As(err, &malformed) {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "the switch does not speak OpenFlow 1.3", Err: err}
	}
	return unavailable("read from the switch", err)
}

// handle deals with one message.
func (s *Session) handle(h Handler, m openflow.Message) {
	if m.Type() != openflow.TypeEchoReply {
		s.resting = false
	}
	switch m.Type() {
	case openflow.TypePacketIn:
		h.PacketIn(m)
	case openflow.TypeFlowRemoved:
		h.FlowRemoved(m)
	case openflow.TypeEchoRequest:
		s.EndQuietly(echo(s.Begin(), m))
	case openflow.TypeEchoReply:
		s.echoed.Store(int64(time.Since(s.began)))
		s.rest()
	case openflow.TypeBarrierReply, openflow.TypeMultipartReply:
		s.pending.reply(m.XID(), m, nil)
	case openflow.TypeError:
		s.refused(h, m)
	}
}

// rest gives back the memory of the buffers of a switch from which nothing has
// come between two probes.
func (s *Session) rest() {
	if s.resting {
		s.reader.Quiet()
		s.out.quiet()
	}
	s.resting = true
}

// refused hands an error to the call that it answers, or to h.
func (s *Session) refused(h Handler, m openflow.Message) {
	e := new(openflow.ErrorMessage)
	if err := e.Decode(m); err != nil {
		if !s.garbled { // once: a switch may send as many as it likes
			s.cfg.Log.Warn("malformed error message", "error", err)
		}
		s.garbled = true
		return
	}
	if m.XID() != 0 && s.pending.reply(m.XID(), nil, e) {
		return
	}
	h.Refused(e)
}
