// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"cmp"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Update is what a chassis must be told.
type Update struct {
	Snapshot bool                 // peers that are not in it are none any more
	Peers    []*linkspan.Chassis  // new, or with another address; not to be changed
	Removed  []linkspan.ChassisID // not peers any more
	Overlays []Overlay            // by network
}

// Stream is one chassis that follows. Take and Close are for one goroutine.
type Stream struct {
	peering  *Peering
	id       linkspan.ChassisID
	changed  chan struct{}
	replaced chan struct{}
	snapshot uint64 // under which number it was taken; 0: not yet
	told     map[linkspan.NetworkID]view.Overlaid
}

// Attach begins a stream for a chassis and replaces an earlier one. Until it
// acknowledges, its peers do not count as in place: the host may have started
// anew.
func (p *Peering) Attach(id linkspan.ChassisID) *Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sites[id]; s != nil && s.stream != nil {
		close(s.stream.replaced)
	}
	s := &Stream{
		peering: p, id: id, changed: make(chan struct{}, 1), replaced: make(chan struct{}),
		told: make(map[linkspan.NetworkID]view.Overlaid),
	}
	p.sites[id] = &site{stream: s}
	s.signal()
	return s
}

// Close ends the stream. What the chassis acknowledged still counts.
func (s *Stream) Close() {
	s.peering.mu.Lock()
	defer s.peering.mu.Unlock()
	if site := s.peering.sites[s.id]; site != nil && site.stream == s {
		site.stream = nil
		s.peering.drop(s.id)
	}
}

// Changed gets a value when there is something to take, at the beginning too.
func (s *Stream) Changed() <-chan struct{} { return s.changed }

// Replaced is closed when the chassis began another stream; this one gets
// nothing any more.
func (s *Stream) Replaced() <-chan struct{} { return s.replaced }

// Take returns what is to be sent under a sequence number, which is not 0; ok is
// false when there is nothing. Numbers rise; the first Take returns a snapshot.
func (s *Stream) Take(sequence uint64) (u Update, ok bool) {
	p := s.peering
	p.mu.Lock()
	defer p.mu.Unlock()
	site := p.sites[s.id]
	if site == nil || site.stream != s || s.snapshot != 0 && len(site.dirty)+len(site.overlays) == 0 {
		return Update{}, false
	}
	if s.snapshot == 0 {
		s.snapshot, u.Snapshot = sequence, true
		for id := range p.peersOf(s.id) {
			s.tell(&u, site, id, sequence)
		}
		site.overlays = nil
		for id := range p.view.Overlays(s.id) {
			s.tellOverlay(&u, id, true)
		}
	} else {
		for id := range site.dirty {
			s.tell(&u, site, id, sequence)
		}
	}
	for id, whole := range site.overlays {
		s.tellOverlay(&u, id, whole)
	}
	site.dirty, site.overlays = nil, nil
	slices.SortFunc(u.Overlays, func(a, b Overlay) int { return cmp.Compare(a.Network, b.Network) })
	slices.Sort(u.Removed)
	slices.SortFunc(u.Peers, func(a, b *linkspan.Chassis) int { return cmp.Compare(a.ID, b.ID) })
	return u, u.Snapshot || len(u.Peers)+len(u.Removed)+len(u.Overlays) > 0
}

// tell adds one chassis to an update. A peer without an address cannot be told
// of; it is when its record comes.
func (s *Stream) tell(u *Update, site *site, id linkspan.ChassisID, sequence uint64) {
	c, peer := s.peering.view.Chassis(id), s.peering.peers(s.id, id)
	there := peer && c != nil && c.Underlay.IsValid()
	switch {
	case there:
		u.Peers = append(u.Peers, c)
	case !u.Snapshot:
		u.Removed = append(u.Removed, id)
	}
	if there && !u.Snapshot {
		site.await(id, sequence)
	} else if peer && !there {
		site.await(id, never)
	}
}

// await notes when a chassis was told of another.
func (s *site) await(id linkspan.ChassisID, sequence uint64) {
	if s.sent == nil {
		s.sent = make(map[linkspan.ChassisID]uint64)
	}
	s.sent[id] = sequence
}

func (s *Stream) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
