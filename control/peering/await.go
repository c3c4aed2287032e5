// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"slices"

	"github.com/linkspan/linkspan"
)

// maxWaiters bounds how many wait for one pair; older ones give way.
const maxWaiters = 256

// waiter is somebody who waits for a pair.
type waiter struct{ done func() }

// pair is two chassis, the lower number first.
type pair struct{ a, b linkspan.ChassisID }

func pairOf(a, b linkspan.ChassisID) pair { return pair{min(a, b), max(a, b)} }

// Await says whether both chassis have each other in place; see control.Peers. Two
// that share no network become peers by that.
func (p *Peering) Await(a, b linkspan.ChassisID, done func()) (ready bool, forget func()) {
	p.mu.RLock()
	ready = p.peers(a, b) && p.ready(a, b)
	p.mu.RUnlock()
	if ready {
		return true, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ask(a, b) {
		return false, func() {}
	}
	if p.ready(a, b) {
		return true, nil
	}
	key, w := pairOf(a, b), &waiter{done}
	list := p.waiters[key]
	if len(list) >= maxWaiters {
		list = slices.Delete(list, 0, 1)
	}
	p.waiters[key] = append(list, w)
	return false, func() { p.forget(key, w) }
}

// forget has a waiter wait no more.
func (p *Peering) forget(key pair, w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.waiters[key]
	if i := slices.Index(list, w); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if p.waiters[key] = list; len(list) == 0 {
		delete(p.waiters, key)
	}
}

// ready is Await's question; the caller holds mu. It is only asked about peers.
func (p *Peering) ready(a, b linkspan.ChassisID) bool {
	return p.sites[a].has(b) && p.sites[b].has(a)
}

// has says whether a chassis has a peer in place; s may be nil.
func (s *site) has(peer linkspan.ChassisID) bool {
	if s == nil || !s.settled || s.dirty[peer] {
		return false
	}
	_, waits := s.sent[peer]
	return !waits
}

// Acknowledge takes a chassis's word that all it was sent up to a sequence
// number, in its present stream, is in place.
func (p *Peering) Acknowledge(id linkspan.ChassisID, sequence uint64) {
	for _, w := range p.acknowledge(id, sequence) {
		w.done()
	}
}

// acknowledge returns those whose waiting is over.
func (p *Peering) acknowledge(id linkspan.ChassisID, sequence uint64) (over []*waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sites[id]
	if s == nil || s.stream == nil || s.stream.snapshot == 0 || sequence < s.stream.snapshot {
		return nil
	}
	for peer, at := range s.sent {
		if at > sequence {
			continue
		}
		delete(s.sent, peer)
		if s.settled {
			over = append(over, p.over(pairOf(id, peer))...)
		}
	}
	if len(s.sent) == 0 {
		s.sent = nil // what it took for many is given back
	}
	if !s.settled {
		s.settled = true
		for key := range p.waiters {
			if key.a == id || key.b == id {
				over = append(over, p.over(key)...)
			}
		}
	}
	return over
}

// over returns those who have waited for a pair that is ready.
func (p *Peering) over(key pair) []*waiter {
	if !p.ready(key.a, key.b) {
		return nil
	}
	over := p.waiters[key]
	delete(p.waiters, key)
	return over
}
