// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// Peering holds who is whose peer. Its methods may be called concurrently.
type Peering struct {
	mu      sync.RWMutex
	view    *view.View
	members map[linkspan.NetworkID]map[linkspan.ChassisID]bool
	sites   map[linkspan.ChassisID]*site
	waiters map[pair][]*waiter
}

var _ control.Peers = (*Peering)(nil)

// site is what is known of a chassis. It stays when its stream goes: the
// tunnel of a chassis works without one.
type site struct {
	shared map[linkspan.ChassisID]int  // how many networks it shares with whom
	placed map[linkspan.ChassisID]bool // peers that it has acknowledged
	stream *Stream                     // nil when nobody follows
}

// New returns a Peering that knows nobody.
func New() *Peering {
	return &Peering{
		view:    new(view.View),
		members: make(map[linkspan.NetworkID]map[linkspan.ChassisID]bool),
		sites:   make(map[linkspan.ChassisID]*site),
		waiters: make(map[pair][]*waiter),
	}
}

// site returns what is known of a chassis; the caller holds mu for writing.
func (p *Peering) site(id linkspan.ChassisID) *site {
	s := p.sites[id]
	if s == nil {
		s = &site{shared: make(map[linkspan.ChassisID]int), placed: make(map[linkspan.ChassisID]bool)}
		p.sites[id] = s
	}
	return s
}

// Update takes what changed; see control.Peers.
func (p *Peering) Update(v *view.View, d *view.Delta) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.view = v
	for _, c := range d.Presence {
		if c.Present {
			p.join(c.Network, c.Chassis)
		} else {
			p.part(c.Network, c.Chassis)
		}
	}
	for _, c := range d.Chassis {
		p.renew(c)
	}
}

// join makes a chassis the peer of all in the network.
func (p *Peering) join(network linkspan.NetworkID, id linkspan.ChassisID) {
	if p.members[network] == nil {
		p.members[network] = make(map[linkspan.ChassisID]bool)
	}
	for other := range p.members[network] {
		p.share(id, other, +1)
		p.share(other, id, +1)
	}
	p.members[network][id] = true
}

func (p *Peering) part(network linkspan.NetworkID, id linkspan.ChassisID) {
	delete(p.members[network], id)
	for other := range p.members[network] {
		p.share(id, other, -1)
		p.share(other, id, -1)
	}
	if len(p.members[network]) == 0 {
		delete(p.members, network)
	}
}

// share counts a network more or less that two chassis share, and has the
// first told when that makes or ends their being peers.
func (p *Peering) share(id, other linkspan.ChassisID, by int) {
	s := p.site(id)
	before := s.shared[other]
	s.shared[other] += by
	if s.shared[other] == 0 {
		delete(s.shared, other)
		delete(s.placed, other)
		delete(p.waiters, pairOf(id, other))
	}
	if before == 0 || s.shared[other] == 0 {
		s.stream.note(other)
	}
	if len(s.shared) == 0 && s.stream == nil {
		delete(p.sites, id)
	}
}

// renew tells all peers of a chassis that its address is another.
func (p *Peering) renew(c view.Changed[linkspan.Chassis]) {
	if c.Old != nil && c.New != nil && c.Old.Underlay == c.New.Underlay && c.Old.Name == c.New.Name {
		return
	}
	id := c.Any().ID
	s := p.sites[id]
	if s == nil {
		return
	}
	for other := range s.shared {
		o := p.site(other)
		delete(o.placed, id)
		o.stream.note(id)
	}
}
