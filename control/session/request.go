// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Barrier appends, quietly, what fill appends and a barrier behind it. done is called
// once: with nil when the switch has processed it all, else with why not; with
// an error after patience, which is the ReplyTime when it is 0. When
// fill returns false nothing is sent, done is not called, and Barrier returns
// false. fill runs between Begin and End and must obey the same rules; done
// must not wait for anything.
func (s *Session) Barrier(patience time.Duration, fill func(b []byte) ([]byte, bool), done func(error)) bool {
	if patience == 0 {
		patience = s.cfg.ReplyTime
	}
	xid := s.XID()
	c := &call{
		deadline: time.Now().Add(patience),
		take:     func(_ openflow.Message, err error) bool { done(err); return false },
	}
	b := s.Begin()
	n := len(b)
	b, ok := fill(b)
	if !ok {
		s.EndQuietly(b[:n])
		return false
	}
	if err := s.pending.add(xid, c); err != nil {
		s.EndQuietly(b[:n])
		done(err)
		return true
	}
	s.EndQuietly(new(openflow.BarrierRequest).Append(b, xid))
	return true
}

// Dump sends a multipart request and gives the body of each reply to each. It
// returns when the last one was given, ctx is done, or the session ended; each
// is not called after that. It must not be called by the session's Handler.
func (s *Session) Dump(ctx context.Context, request openflow.Encoder, each func(body []byte) error) error {
	done := make(chan error, 1)
	xid := s.XID()
	take := func(m openflow.Message, err error) bool {
		more, err := part(m, err, each)
		if !more {
			done <- err
		}
		return more
	}
	if err := s.pending.add(xid, &call{take: take}); err != nil {
		return err
	}
	s.End(request.Append(s.Begin(), xid))
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		s.pending.drop(xid)
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch does not answer", Err: ctx.Err()}
	}
}

// part gives the body of one reply to each.
func part(m openflow.Message, err error, each func([]byte) error) (more bool, _ error) {
	if err != nil {
		return false, err
	}
	var mp openflow.Multipart
	if err := mp.DecodeReply(m); err != nil {
		return false, err
	}
	if err := each(mp.Body); err != nil {
		return false, err
	}
	return mp.More, nil
}

// Try appends the messages that fill appends, with the given transaction id, and a
// barrier behind them. done is called once: with nil when the switch has processed
// them, with its *openflow.ErrorMessage when it refused one, else with why it is not
// known, at the latest after the ReplyTime. fill must obey the rules between Begin
// and End; done must not wait for anything.
func (s *Session) Try(fill func(b []byte, xid uint32) []byte, done func(error)) {
	xid := s.XID()
	c := &call{
		deadline: time.Now().Add(s.cfg.ReplyTime),
		take:     func(_ openflow.Message, err error) bool { done(err); return false },
	}
	if err := s.pending.add(xid, c); err != nil {
		done(err)
		return
	}
	s.End(new(openflow.BarrierRequest).Append(fill(s.Begin(), xid), xid))
}
