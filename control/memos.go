// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/netip"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// memos is what is remembered of policies: what they say of whom, once for all, and for
// some chassis at a time which pairs were asked about lately, so that these do not wait
// for each other. They are fewer than there are switches, so that what they hold is
// bounded, and more than there are processors.
type memos struct {
	book book
	of   [16]struct {
		mu   sync.Mutex
		memo decide.Memo
	}
}

func (m *memos) begin() {
	for i := range m.of {
		m.of[i].memo.Book = &m.book
	}
}

// book is what is known of policies, for whoever asks.
type book struct {
	mu    sync.Mutex
	known decide.Knowledge
}

var _ decide.Book = (*book)(nil)

// Rules returns what is known of v. Who still has an earlier View than others asks for
// himself.
func (b *book) Rules(v *view.View, from, to view.Party, otherwise linkspan.PolicyAction) *decide.Rules {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known.Behind(v) {
		return new(decide.Knowledge).Rules(v, from, to, otherwise)
	}
	return b.known.Rules(v, from, to, otherwise)
}

// decide is decide.Decide with what is remembered. Without policies there is nothing
// to remember.
func (h *Hub) decide(v *view.View, p *decide.Packet, d *decide.Decision) {
	if v.CountPolicies() == 0 {
		decide.Decide(v, p, d)
		return
	}
	m := &h.memos.of[int(p.Chassis)%len(h.memos.of)]
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memo.Decide(v, p, d)
}

// between is decide.Between with what is remembered, for whom that chassis asks.
func (h *Hub) between(v *view.View, on linkspan.ChassisID, from, to *linkspan.Endpoint) decide.Decision {
	m := &h.memos.of[int(on)%len(h.memos.of)]
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.memo.Between(v, from, to)
}

// beyond is the Beyond of decide with what is remembered, for whom that chassis asks.
func (h *Hub) beyond(v *view.View, on linkspan.ChassisID, e *linkspan.Endpoint, a netip.Addr, comes bool) decide.Decision {
	m := &h.memos.of[int(on)%len(h.memos.of)]
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.memo.Beyond(v, e, a, comes)
}
