// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
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
	s.next, s.turn = 0, 0
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
	r.number, r.inPort, r.out, r.farIn, r.asker = uint16(n), q.From.Port, q.Out, q.FarIn, s
	flows := append(slices.Clone(q.Flows), q.FarFlows...)
	list := make([]expected, len(flows))
	for i := range flows {
		list[i] = newExpected(&flows[i], r, 1<<i)
	}
	r.want = 1<<len(flows) - 1
	r.farWant = r.want &^ (1<<len(q.Flows) - 1)
	r.near = list[:len(q.Flows)]
	if err := s.expect(r.near); err != nil || q.Far == nil {
		return err
	}
	return q.Far.expect(list[len(q.Flows):])
}

func newExpected(f *Flow, q *question, bit uint32) expected {
	e := expected{pair: pair{v4(f.From.Addr), v4(f.To.Addr)}, question: q, bit: bit, out: f.Out, network: f.Network}
	if f.Link {
		e.link = f
	}
	return e
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

// expect registers flows of a question.
func (s *Switch) expect(flows []expected) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range flows {
		e := &flows[i]
		if _, twice := s.flows[e.pair]; twice {
			return fmt.Errorf("switch %016x is asked twice about the pair %s", s.options.DPID, e.pair)
		}
		s.flows[e.pair] = e
	}
	return nil
}

// v4 returns an IPv4 address as a number.
func v4(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// String returns the addresses.
func (p pair) String() string {
	var src, dst [4]byte
	binary.BigEndian.PutUint32(src[:], p.src)
	binary.BigEndian.PutUint32(dst[:], p.dst)
	return netip.AddrFrom4(src).String() + " to " + netip.AddrFrom4(dst).String()
}
