// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"cmp"
	"slices"

	"github.com/linkspan/linkspan"
)

// Update is what a chassis must be told.
type Update struct {
	Snapshot bool                 // peers that are not in it are none any more
	Peers    []*linkspan.Chassis  // new, or with another address; not to be changed
	Removed  []linkspan.ChassisID // not peers any more
}

// Stream is one chassis that follows. Take and Close are for one goroutine.
type Stream struct {
	peering  *Peering
	id       linkspan.ChassisID
	changed  chan struct{}
	fresh    bool                          // nothing was taken yet
	dirty    map[linkspan.ChassisID]bool   // to be told of
	sent     map[linkspan.ChassisID]uint64 // told of and not acknowledged: when
	replaced chan struct{}
}

// Attach begins a stream for a chassis and replaces an earlier one. Until it
// acknowledges, its peers do not count as in place: the host may have started
// anew.
func (p *Peering) Attach(id linkspan.ChassisID) *Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.site(id)
	if s.stream != nil {
		close(s.stream.replaced)
	}
	clear(s.placed)
	s.stream = &Stream{
		peering: p, id: id, fresh: true,
		changed: make(chan struct{}, 1), replaced: make(chan struct{}),
		dirty: make(map[linkspan.ChassisID]bool), sent: make(map[linkspan.ChassisID]uint64),
	}
	s.stream.signal()
	return s.stream
}

// Close ends the stream. What the chassis acknowledged still counts.
func (s *Stream) Close() {
	s.peering.mu.Lock()
	defer s.peering.mu.Unlock()
	site := s.peering.sites[s.id]
	if site == nil || site.stream != s {
		return
	}
	site.stream = nil
	if len(site.shared) == 0 {
		delete(s.peering.sites, s.id)
	}
}

// Changed gets a value when there is something to take, at the beginning too.
func (s *Stream) Changed() <-chan struct{} { return s.changed }

// Replaced is closed when the chassis began another stream; this one gets
// nothing any more.
func (s *Stream) Replaced() <-chan struct{} { return s.replaced }

// Take returns what is to be sent under a sequence number; ok is false when
// there is nothing. Numbers rise; the first Take returns a snapshot.
func (s *Stream) Take(sequence uint64) (u Update, ok bool) {
	s.peering.mu.Lock()
	defer s.peering.mu.Unlock()
	site := s.peering.sites[s.id]
	if site == nil || site.stream != s || !s.fresh && len(s.dirty) == 0 {
		return Update{}, false
	}
	u.Snapshot = s.fresh
	if s.fresh {
		for id := range site.shared {
			s.dirty[id] = true
		}
	}
	for id := range s.dirty {
		s.tell(&u, site, id, sequence)
	}
	s.fresh = false
	clear(s.dirty)
	slices.Sort(u.Removed)
	slices.SortFunc(u.Peers, func(a, b *linkspan.Chassis) int { return cmp.Compare(a.ID, b.ID) })
	return u, true
}

// tell adds one chassis to an update. A peer without an address cannot be told
// of; it is when its record comes.
func (s *Stream) tell(u *Update, site *site, id linkspan.ChassisID, sequence uint64) {
	c := s.peering.view.Chassis(id)
	if site.shared[id] > 0 && c != nil && c.Underlay.IsValid() {
		u.Peers = append(u.Peers, c)
		s.sent[id] = sequence
		return
	}
	delete(s.sent, id)
	if !u.Snapshot {
		u.Removed = append(u.Removed, id)
	}
}

// note has the stream tell of a chassis; s may be nil. The caller holds the
// Peering's mu.
func (s *Stream) note(id linkspan.ChassisID) {
	if s != nil {
		s.dirty[id] = true
		delete(s.sent, id)
		s.signal()
	}
}

func (s *Stream) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
