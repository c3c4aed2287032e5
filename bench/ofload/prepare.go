// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Prepare replaces the questions of a switch. All switches concerned must be
// idle. A pair of addresses may be asked about once on a switch, in one
// direction only.
func (s *Switch) Prepare(questions []Question) error {
	if len(questions) == 0 || len(questions) > maxQuestions {
		return fmt.Errorf("%d questions: 1 to %d are possible", len(questions), maxQuestions)
	}
	ready := make([]question, len(questions))
	for i := range questions {
		if err := s.prepare(&ready[i], i, &questions[i]); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.questions = ready
	s.next = 0
	return nil
}

// Forget drops the questions of a switch and the flows it expects for others.
func (s *Switch) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.questions = nil
	clear(s.flows)
}

func (s *Switch) prepare(r *question, n int, q *Question) error {
	if len(q.Flows)+len(q.FarFlows) > maxFlows {
		return fmt.Errorf("a question has %d flows, more than %d", len(q.Flows)+len(q.FarFlows), maxFlows)
	}
	frame := newFrame(n, q)
	if err := s.template(r, q.From.Port, frame); err != nil {
		return err
	}
	r.number, r.inPort, r.out = uint16(n), q.From.Port, q.Out
	bit := uint32(1)
	for _, f := range q.Flows {
		if err := s.expect(f, r, bit); err != nil {
			return err
		}
		bit <<= 1
	}
	for _, f := range q.FarFlows {
		if err := q.Far.expect(f, r, bit); err != nil {
			return err
		}
		bit <<= 1
	}
	r.want = bit - 1
	return nil
}

// template builds the message; the frame is at its end.
func (s *Switch) template(r *question, port uint32, frame []byte) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.message, err = s.learned.packetIn(port, frame); err != nil {
		return err
	}
	r.frame = r.message[len(r.message)-len(frame):]
	r.tagAt, _, _ = tagOf(frame)
	return nil
}

// expect registers a flow of a question.
func (s *Switch) expect(f Flow, q *question, bit uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pair{v4(f.From.Addr), v4(f.To.Addr)}
	if _, twice := s.flows[key]; twice {
		return fmt.Errorf("switch %016x is asked twice about %s and %s", s.options.DPID, f.From.Addr, f.To.Addr)
	}
	s.flows[key] = expected{f, q, bit}
	return nil
}

// v4 returns an IPv4 address as a number.
func v4(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}
