// SPDX-License-Identifier: Apache-2.0

package peering

import "github.com/linkspan/linkspan"

// maxWaiters bounds how many wait for one pair; older ones give way, they have
// given up by then.
const maxWaiters = 256

// pair is two chassis, the lower number first.
type pair struct{ a, b linkspan.ChassisID }

func pairOf(a, b linkspan.ChassisID) pair { return pair{min(a, b), max(a, b)} }

// Await says whether both chassis have each other in place; see control.Peers.
func (p *Peering) Await(a, b linkspan.ChassisID, done func()) (ready bool) {
	p.mu.RLock()
	ready = p.ready(a, b)
	p.mu.RUnlock()
	if ready {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready(a, b) {
		return true
	}
	key := pairOf(a, b)
	list := append(p.waiters[key], done)
	p.waiters[key] = list[max(0, len(list)-maxWaiters):]
	return false
}

// ready is Await's question; the caller holds mu.
func (p *Peering) ready(a, b linkspan.ChassisID) bool {
	x, y := p.sites[a], p.sites[b]
	return x != nil && y != nil && x.placed[b] && y.placed[a]
}

// Acknowledge takes a chassis's word that all it was sent up to a sequence
// number, in its present stream, is in place.
func (p *Peering) Acknowledge(id linkspan.ChassisID, sequence uint64) {
	for _, done := range p.acknowledge(id, sequence) {
		done()
	}
}

// acknowledge returns those whose waiting is over.
func (p *Peering) acknowledge(id linkspan.ChassisID, sequence uint64) (over []func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sites[id]
	if s == nil || s.stream == nil {
		return nil
	}
	for peer, at := range s.stream.sent {
		if at > sequence {
			continue
		}
		delete(s.stream.sent, peer)
		s.placed[peer] = true
		if p.ready(id, peer) {
			key := pairOf(id, peer)
			over = append(over, p.waiters[key]...)
			delete(p.waiters, key)
		}
	}
	return over
}
