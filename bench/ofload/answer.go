// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// flowMod holds a flow against the question that its addresses belong to.
func (s *Switch) flowMod(m openflow.Message) {
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
	if !ok || number >= len(s.questions) {
		s.faults.note(&s.faults.WrongPacket, "a packet that was never sent up: % x", p.Data)
		return
	}
	q := &s.questions[number]
	if !q.fits(p, at) {
		s.faults.note(&s.faults.WrongPacket, "question %d came back as % x, from port %d, %s", number, p.Data, p.InPort, p.Actions)
		return
	}
	if s.turn = number + 1; s.turn == len(s.questions) {
		s.turn = 0
	}
	s.close(q, number, uint16(tag>>16), now)
}

// fits says whether a PacketOut carries the question's packet, tag aside.
func (q *question) fits(p *openflow.PacketOut, at int) bool {
	return at == q.tagAt && p.InPort == q.inPort && outputOf(p.Actions) == q.out &&
		len(p.Data) == len(q.frame) && bytes.Equal(p.Data[:at], q.frame[:at]) &&
		bytes.Equal(p.Data[at+tagLen:], q.frame[at+tagLen:])
}

// close counts the answer to the asking of a question with this number.
func (s *Switch) close(q *question, number int, asks uint16, now time.Time) {
	state := q.seen.Load()
	switch {
	case state&stateOpen != 0 && asks == q.asks:
	case state&stateMissed != 0 || asks != q.asks:
		s.faults.note(&s.faults.Late, "answer to asking %d of question %d, now at %d", asks, number, q.asks)
		return
	default:
		s.faults.note(&s.faults.Duplicate, "second answer to asking %d of question %d", asks, number)
		return
	}
	if state = q.seen.Swap(0); state != stateOpen|q.want {
		s.faults.note(&s.faults.NoFlow, "question %d was answered with flows %b of %b", number, state&^stateOpen, q.want)
	}
	s.open--
	s.answered++
	s.latency.Record(now.Sub(q.asked))
}
