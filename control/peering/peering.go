// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// Peering holds who has whom in place. Who is whose peer follows from the View;
// what is kept beside it is what is not in place yet, so that pairs of chassis
// which are cost nothing. Its methods may be called concurrently.
type Peering struct {
	mu      sync.RWMutex
	view    *view.View
	sites   map[linkspan.ChassisID]*site
	waiters map[pair][]*waiter
	// asked are the pairs that share no network and became peers because a packet, or
	// a route that runs, asked for it; each from both sides.
	asked map[linkspan.ChassisID]map[linkspan.ChassisID]bool
}

var _ control.Peers = (*Peering)(nil)

// site is what is known of a chassis that follows, or has followed. It stays
// when its stream goes: the tunnel of a chassis works without one.
type site struct {
	stream *Stream // nil when nobody follows
	// settled says that the chassis has acknowledged the snapshot of its last
	// stream. Then its peers are in place, but for these: those to be told of, and
	// those told of and not acknowledged: when.
	settled bool
	dirty   map[linkspan.ChassisID]bool
	sent    map[linkspan.ChassisID]uint64
	// overlays are the overlay networks that the stream is to be told of; true:
	// as a whole.
	overlays map[linkspan.NetworkID]bool
}

// never is the sequence number of what nobody acknowledges: a peer without an
// address, of which a chassis cannot be told.
const never = ^uint64(0)

// New returns a Peering that knows nobody.
func New() *Peering {
	return &Peering{
		view: new(view.View), sites: make(map[linkspan.ChassisID]*site), waiters: make(map[pair][]*waiter),
		asked: make(map[linkspan.ChassisID]map[linkspan.ChassisID]bool),
	}
}

// Update takes what changed; see control.Peers.
func (p *Peering) Update(v *view.View, d *view.Delta) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.view
	p.view = v
	if len(p.sites)+len(p.asked) == 0 { // as at the start, when everything changes
		return
	}
	for pair := range p.candidates(old, v, d) {
		if p.asked[pair.A][pair.B] { // they were peers and still are
			continue
		}
		if was, is := old.Share(pair.A, pair.B), v.Share(pair.A, pair.B); was != is {
			p.changed(pair.A, pair.B, is)
		}
	}
	p.review(d)
	for _, c := range d.Chassis {
		p.renew(c)
	}
	p.updateOverlays(old, d)
}

// changed has two chassis told of each other, who are peers now, or are no more.
func (p *Peering) changed(a, b linkspan.ChassisID, peers bool) {
	p.note(a, b)
	p.note(b, a)
	if !peers {
		delete(p.waiters, pairOf(a, b))
	}
}

// candidates returns the pairs that may have become peers, or ceased to be, and
// of which one follows.
func (p *Peering) candidates(old, next *view.View, d *view.Delta) map[view.Pair]bool {
	pairs := make(map[view.Pair]bool)
	for _, c := range d.Presence {
		for _, v := range []*view.View{old, next} {
			for other := range v.Members(c.Network) {
				if other != c.Chassis && (p.sites[other] != nil || p.sites[c.Chassis] != nil) {
					pairs[view.PairOf(c.Chassis, other)] = true
				}
			}
		}
	}
	return pairs
}

// note has a chassis told of another.
func (p *Peering) note(id, other linkspan.ChassisID) {
	s := p.sites[id]
	if s == nil {
		return
	}
	if s.dirty == nil {
		s.dirty = make(map[linkspan.ChassisID]bool)
	}
	s.dirty[other] = true
	delete(s.sent, other)
	if s.stream != nil {
		s.stream.signal()
	}
}

// renew tells all peers of a chassis that its address is another.
func (p *Peering) renew(c view.Changed[linkspan.Chassis]) {
	if c.Old != nil && c.New != nil && c.Old.Underlay == c.New.Underlay && c.Old.Name == c.New.Name {
		return
	}
	id := c.Any().ID
	for other := range p.peersOf(id) {
		p.note(other, id)
	}
	p.drop(id)
}

// drop forgets a chassis that is gone and does not follow.
func (p *Peering) drop(id linkspan.ChassisID) {
	if s := p.sites[id]; s != nil && s.stream == nil && p.view.Chassis(id) == nil {
		delete(p.sites, id)
	}
}
