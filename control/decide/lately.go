// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"encoding/binary"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// lately is what policies say of two endpoints that were asked about before, in both
// directions. Who asks about the same two finds it with one look, and these too.
type lately struct {
	from, to    *linkspan.Endpoint
	there, back *Rules
	seen        uint64 // Discarded of the View where they were found last: in others of it they are still there
}

// How many slots a Memo has for them, as powers of 2: none before fewPairs were asked
// about; then always twice as many as pairs, up to 2.5 MiB.
const (
	fewPairs     = 8
	minSlots     = 64
	maxSlots     = 1 << 16
	slotsForPair = 2
)

// slotOf spreads pairs over slots by whom their packets are between: the network and
// address of the source, and the address of the destination.
func (m *Memo) slotOf(network linkspan.NetworkID, from, to netip.Addr) int {
	const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	a := lowOf(from) ^ uint64(network)<<40
	return int((a*golden+lowOf(to))*golden>>32) & (len(m.slots) - 1)
}

// lowOf returns the half of an address that tells it apart from its neighbours.
func lowOf(a netip.Addr) uint64 {
	b := a.As16()
	return binary.BigEndian.Uint64(b[8:])
}

// look returns what is remembered of two endpoints, or nil.
func (m *Memo) look(from, to *linkspan.Endpoint) *lately {
	if m.slots == nil {
		return nil
	}
	i := m.slotOf(from.Network, from.Address, to.Address)
	if l := &m.slots[i]; l.from == from && l.to == to {
		return l
	}
	if l := &m.slots[i^1]; l.from == from && l.to == to { // two that meet do not drive each other out
		return l
	}
	return nil
}

// recall returns what is remembered of the two endpoints of one network that a packet is
// between, or nil. They are what v has under its addresses.
func (m *Memo) recall(v *view.View, p *Packet) *lately {
	if m == nil || m.slots == nil || m.generation != v.PolicyGeneration() {
		return nil
	}
	i := m.slotOf(p.Network, p.Source, p.Destination)
	if l := &m.slots[i]; l.between(v, p) {
		return l
	}
	if l := &m.slots[i^1]; l.between(v, p) {
		return l
	}
	return nil
}

// between says whether it is these that a packet is between. As no record was discarded
// since they were seen, they are still in the View.
func (l *lately) between(v *view.View, p *Packet) bool {
	return l.from != nil && l.seen == v.Discarded() &&
		l.from.Address == p.Source && l.to.Address == p.Destination && l.from.Network == p.Network && l.to.Network == p.Network
}

// keep remembers a pair, in the place of one that was asked about longer ago.
func (m *Memo) keep(l lately) {
	if m.kept++; m.kept*slotsForPair > len(m.slots) && m.kept >= fewPairs && len(m.slots) < maxSlots {
		m.grow()
	}
	if m.slots != nil {
		m.put(l)
	}
}

func (m *Memo) put(l lately) {
	i := m.slotOf(l.from.Network, l.from.Address, l.to.Address)
	m.slots[i^1], m.slots[i] = m.slots[i], l
}

// grow makes twice as many slots, for what is remembered.
func (m *Memo) grow() {
	old := m.slots
	m.slots, m.kept = make([]lately, max(minSlots, 2*len(old))), 0
	for _, l := range old {
		if l.from != nil {
			m.put(l)
			m.kept++
		}
	}
}
