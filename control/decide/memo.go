// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Memo decides, and remembers what policies say of the endpoints that it was asked
// about, so that a packet between two of them costs one look and no allocation,
// whatever the number of policies. Who was not asked about lately is asked of a Book,
// which several may share.
//
// It is good for one View after another and forgets by itself what changed. It is
// of one caller at a time. The zero Memo is ready.
type Memo struct {
	Book Book // nil: the Memo knows by itself

	own        Knowledge
	generation uint64
	discarded  uint64 // of the View that it began with
	slots      []lately
	kept       int // pairs that were put there since they grew
}

var _ Book = (*Memo)(nil)

// Rules returns what the Book says.
func (m *Memo) Rules(v *view.View, from, to view.Party, otherwise linkspan.PolicyAction) *Rules {
	if m.Book != nil {
		return m.Book.Rules(v, from, to, otherwise)
	}
	return m.own.Rules(v, from, to, otherwise)
}

// between returns what the policies of v say of packets from one endpoint to another,
// and of those the other way. Both are in v.
func (m *Memo) between(v *view.View, from, to *linkspan.Endpoint) (there, back *Rules) {
	if from.Outside() || to.Outside() { // of which each decision makes its own
		return m.ask(v, from, to)
	}
	m.renew(v)
	if l := m.look(from, to); l != nil {
		l.seen = v.Discarded()
		return l.there, l.back
	}
	there, back = m.ask(v, from, to)
	m.keep(lately{from, to, there, back, v.Discarded()})
	return there, back
}

// renew forgets what is not of v, or held for too long.
func (m *Memo) renew(v *view.View) {
	if m.generation == v.PolicyGeneration() && v.Discarded()-m.discarded <= maxDiscarded {
		return
	}
	clear(m.slots)
	m.kept, m.generation, m.discarded = 0, v.PolicyGeneration(), v.Discarded()
}

// ask asks the Book. What follows in the order when policies say nothing is the same
// as long as they are.
func (m *Memo) ask(v *view.View, from, to *linkspan.Endpoint) (there, back *Rules) {
	a, b := view.PartyOf(from), view.PartyOf(to)
	otherwise, _ := Otherwise(v, a, b)
	return m.Rules(v, a, b, otherwise), m.Rules(v, b, a, otherwise)
}
