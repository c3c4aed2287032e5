// SPDX-License-Identifier: Apache-2.0

package ofload

import "time"

// refill asks until the window is full.
func (s *Switch) refill() {
	if s.open >= s.window {
		return
	}
	now := time.Now()
	for s.open < s.window && s.ask(now) {
	}
}

// ask appends the next question that is not open; false says that all are.
func (s *Switch) ask(at time.Time) bool {
	for range s.questions {
		q := &s.questions[s.next]
		if s.next++; s.next == len(s.questions) {
			s.next = 0
		}
		if q.seen.Load()&stateOpen == 0 {
			s.send(q, at)
			return true
		}
	}
	return false
}

func (s *Switch) send(q *question, at time.Time) {
	q.asks++
	q.asked = at
	q.seen.Store(stateOpen)
	start := len(s.out) + len(q.message) - len(q.frame) + q.tagAt
	s.out = append(s.out, q.message...)
	putTag(s.out[start:], uint32(q.asks)<<16|uint32(q.number))
	s.open++
	s.asked++
}

// schedule is when a switch asks in an open loop.
type schedule struct {
	start time.Time
	every time.Duration // between two questions
	sent  int64
}

// due asks what is due by now. A question's latency counts from when it was
// due: a slow answer must not make the next question start later.
func (s *Switch) due(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.schedule == nil {
		return nil
	}
	for {
		at := s.schedule.start.Add(time.Duration(s.schedule.sent) * s.schedule.every)
		if at.After(now) {
			return s.flush()
		}
		s.schedule.sent++
		if !s.ask(at) {
			s.unsent++
		}
	}
}
