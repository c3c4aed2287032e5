// SPDX-License-Identifier: Apache-2.0

package names

import (
	"container/list"
	"errors"
	"time"
)

var (
	errAway  = errors.New("the source of names did not answer a moment ago")
	errShort = errors.New("the source of names did not answer every question")
)

// memory holds answers, the least lately used of which goes first.
type memory struct {
	limit int
	order *list.List // of *said, the one used last in front
	by    map[Question]*list.Element
}

// said is an answer, and when it was asked for.
type said struct {
	question Question
	bearers  []Bearer
	at       time.Time
}

func newMemory(limit int) memory {
	return memory{limit, list.New(), make(map[Question]*list.Element)}
}

// get returns an answer that is not older than oldest.
func (m *memory) get(q Question, oldest time.Time) ([]Bearer, bool) {
	element, ok := m.by[q]
	if !ok {
		return nil, false
	}
	s := element.Value.(*said)
	if s.at.Before(oldest) {
		return nil, false
	}
	m.order.MoveToFront(element)
	return s.bearers, true
}

func (m *memory) put(q Question, bearers []Bearer, at time.Time) {
	m.drop(q)
	m.by[q] = m.order.PushFront(&said{q, bearers, at})
	if m.order.Len() > m.limit {
		m.drop(m.order.Back().Value.(*said).question)
	}
}

func (m *memory) drop(q Question) {
	if element, ok := m.by[q]; ok {
		m.order.Remove(element)
		delete(m.by, q)
	}
}
