// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// flowMod holds a flow against the question that its addresses belong to.
func (s *Switch) flowMod(m openflow.Message, now time.Time) {
	f := &s.flow
	if !s.understood(m, f.Decode(m)) {
		return
	}
	match := readMatch(f.Match)
	if !match.isPair() {
		s.learn(f)
		return
	}
	want := s.expected(match.pair)
	if want == nil {
		s.faults.note(&s.faults.Unasked, "nobody asked about %s", f)
		return
	}
	if f.Command != openflow.FlowAdd || !match.fits(want) || outputOf(f.Instructions.Applied()) != want.out {
		s.faults.note(&s.faults.WrongFlow, "%s is not %s out of port %d", f, want.pair, want.out)
		return
	}
	switch old := want.question.seen.Or(want.bit); {
	case old&stateOpen == 0:
		want.question.seen.And(^want.bit)
		s.faults.note(&s.faults.Unasked, "nobody waits for %s", f)
	case old&want.bit != 0:
		s.faults.note(&s.faults.Duplicate, "again %s", f)
	default:
		s.advance(want.question, old|want.bit, now)
	}
}

// advance closes a question whose packet went to the far switch when nothing is
// missing any more.
func (s *Switch) advance(q *question, state uint32, now time.Time) {
	switch {
	case state != stateOpen|statePacket|q.want:
	case q.asker == s:
		s.close(q, uint16(q.carried.Load()), now)
	default: // its lock may be held by one that waits for this switch's
		go q.asker.complete(q, now)
	}
}

// complete closes a question whose last part came to another switch.
func (s *Switch) complete(q *question, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.close(q, uint16(q.carried.Load()), now)
	s.refill()
	if err := s.flush(); s.err == nil {
		s.err = err
	}
}

// expected returns the flow of a pair, nil when there is none. Answers mostly
// come in the order of the questions: that is looked at first.
func (s *Switch) expected(p pair) *expected {
	if s.turn < len(s.questions) {
		near := s.questions[s.turn].near
		for i := range near {
			if near[i].pair == p {
				return &near[i]
			}
		}
	}
	return s.flows[p]
}

// matched is what a flow's match says, as far as it is looked at.
type matched struct {
	pair     pair
	has      uint8 // which of the fields below are there, exactly
	network  uint32
	src, dst openflow.MAC
}

const (
	hasSrc = 1 << iota
	hasDst
	hasNetwork
	hasLinkSrc
	hasLinkDst
)

func readMatch(v openflow.MatchView) (m matched) {
	var o openflow.OXM
	for rest := []byte(v); len(rest) > 0; {
		var err error
		if rest, err = o.Next(rest); err != nil {
			return matched{}
		}
		if o.Mask != nil {
			continue
		}
		switch o.Field {
		case openflow.FieldIPv4Src:
			m.pair.src, m.has = binary.BigEndian.Uint32(o.Value), m.has|hasSrc
		case openflow.FieldIPv4Dst:
			m.pair.dst, m.has = binary.BigEndian.Uint32(o.Value), m.has|hasDst
		case openflow.FieldReg0:
			m.network, m.has = binary.BigEndian.Uint32(o.Value), m.has|hasNetwork
		case openflow.FieldEthSrc:
			m.src, m.has = openflow.MAC(o.Value), m.has|hasLinkSrc
		case openflow.FieldEthDst:
			m.dst, m.has = openflow.MAC(o.Value), m.has|hasLinkDst
		}
	}
	return m
}

func (m *matched) isPair() bool { return m.has&(hasSrc|hasDst) == hasSrc|hasDst }

func (m *matched) fits(e *expected) bool {
	if e.network != 0 && (m.has&hasNetwork == 0 || m.network != e.network) {
		return false
	}
	f := e.link
	return f == nil || m.has&(hasLinkSrc|hasLinkDst) == hasLinkSrc|hasLinkDst && m.src == f.From.MAC && m.dst == f.To.MAC
}

// outputOf returns the port of the one output among actions; 0 when there is
// none or more than one.
func outputOf(l openflow.Actions) (port uint32) {
	var a openflow.Action
	for rest := l; len(rest) > 0; {
		var err error
		if rest, err = a.Next(rest); err != nil {
			return 0
		}
		if p, _, ok := a.Output(); ok {
			if port != 0 {
				return 0
			}
			port = p
		}
	}
	return port
}

// packetOut holds a packet against the question whose tag it bears.
func (s *Switch) packetOut(m openflow.Message, now time.Time) {
	p := &s.packet
	if !s.understood(m, p.Decode(m)) {
		return
	}
	at, tag, ok := tagOf(p.Data)
	number := int(tag & (maxQuestions - 1))
	if q := s.carries(p); q != nil {
		s.carried(q, at, tag, now)
		return
	}
	if !ok || number >= len(s.questions) {
		s.faults.note(&s.faults.WrongPacket, "a packet that was never sent up: % x", p.Data)
		return
	}
	q := &s.questions[number]
	if !q.fits(p, at, q.inPort, q.out) {
		s.faults.note(&s.faults.WrongPacket, "question %d came back as % x, from port %d, %s", number, p.Data, p.InPort, p.Actions)
		return
	}
	s.close(q, uint16(tag>>16), now)
}

// carries returns the question of another switch that a PacketOut may belong to,
// nil for one of this switch's.
func (s *Switch) carries(p *openflow.PacketOut) *question {
	if outputOf(p.Actions) != openflow.PortTable || len(p.Data) < shortHead {
		return nil
	}
	e := s.flows[pair{binary.BigEndian.Uint32(p.Data[26:]), binary.BigEndian.Uint32(p.Data[30:])}]
	if e == nil || e.question.asker == s {
		return nil
	}
	return e.question
}

// carried notes that the packet of another switch's question came here.
func (s *Switch) carried(q *question, at int, tag uint32, now time.Time) {
	if p := &s.packet; uint16(tag) != q.number || !q.fits(p, at, q.farIn, openflow.PortTable) {
		s.faults.note(&s.faults.WrongPacket, "question %d of another switch came as % x, from port %d, %s", q.number, p.Data, p.InPort, p.Actions)
		return
	}
	q.carried.Store(tag >> 16)
	old := q.seen.Or(statePacket)
	switch {
	case old&stateOpen == 0:
		q.seen.And(^statePacket)
		s.faults.note(&s.faults.Late, "nobody waits for the packet of question %d of another switch", q.number)
		return
	case old&statePacket != 0:
		s.faults.note(&s.faults.Duplicate, "the packet of question %d of another switch came again", q.number)
		return
	case old&q.farWant != q.farWant:
		s.faults.note(&s.faults.NoFlow, "the packet of question %d came to the far switch after its flows %b of %b", q.number, old&q.farWant, q.farWant)
	}
	s.advance(q, old|statePacket, now)
}

// fits says whether a PacketOut carries the question's packet, tag aside.
func (q *question) fits(p *openflow.PacketOut, at int, in, out uint32) bool {
	return at == q.tagAt && p.InPort == in && outputOf(p.Actions) == out &&
		len(p.Data) == len(q.frame) && bytes.Equal(p.Data[:at], q.frame[:at]) &&
		bytes.Equal(p.Data[at+tagLen:], q.frame[at+tagLen:])
}

// close counts the answer to the asking of a question with this number.
func (s *Switch) close(q *question, asks uint16, now time.Time) {
	if s.turn = int(q.number) + 1; s.turn == len(s.questions) {
		s.turn = 0
	}
	state := q.seen.Load()
	switch {
	case state&stateOpen != 0 && asks == q.asks:
	case state&stateMissed != 0 || asks != q.asks:
		s.faults.note(&s.faults.Late, "answer to asking %d of question %d, now at %d", asks, q.number, q.asks)
		return
	default:
		s.faults.note(&s.faults.Duplicate, "second answer to asking %d of question %d", asks, q.number)
		return
	}
	if state = q.seen.Swap(0) &^ statePacket; state != stateOpen|q.want {
		s.faults.note(&s.faults.NoFlow, "question %d was answered with flows %b of %b", q.number, state&^stateOpen, q.want)
	}
	s.open--
	s.answered++
	s.latency.Record(now.Sub(q.asked))
}
