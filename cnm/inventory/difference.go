// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"maps"
	"slices"
)

// The most that one call carries. A record has at most some 40 KiB.
const (
	maxRecords = 48
	maxBytes   = 128 << 10
)

// difference returns the changes that make of what is stored what there is, in an
// order in which no endpoint is without its network: it comes after it, and goes
// before it. What makes the records fewer, what leaves their number as it is and
// what makes them more are apart, so that a registry that is full refuses the last
// only.
func difference(stored Stored, h holdings) []Change {
	var b batches
	for _, id := range missing(stored.Endpoints, h.endpoints) {
		c := b.next(len(id))
		c.EndpointsRemoved = append(c.EndpointsRemoved, id)
	}
	b.cut()
	for _, id := range slices.Sorted(maps.Keys(h.networks)) {
		n := h.networks[id]
		if digest, known := stored.Networks[id]; !known || digest != n.Digest() {
			c := b.next(n.Size())
			c.Networks = append(c.Networks, n)
		}
	}
	var fresh []string
	b.cut()
	for _, id := range slices.Sorted(maps.Keys(h.endpoints)) {
		e := h.endpoints[id]
		if digest, known := stored.Endpoints[id]; !known {
			fresh = append(fresh, id)
		} else if digest != e.Digest() {
			c := b.next(e.Size())
			c.Endpoints = append(c.Endpoints, e)
		}
	}
	b.cut()
	for _, id := range fresh {
		e := h.endpoints[id]
		c := b.next(e.Size())
		c.Endpoints = append(c.Endpoints, e)
	}
	b.cut()
	for _, id := range missing(stored.Networks, h.networks) {
		c := b.next(len(id))
		c.NetworksRemoved = append(c.NetworksRemoved, id)
	}
	return b.all
}

// missing returns the ids that are stored and that there are not.
func missing[R any](stored map[string]uint64, there map[string]R) []string {
	var gone []string
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		if _, ok := there[id]; !ok {
			gone = append(gone, id)
		}
	}
	return gone
}

// batches are changes of a bounded size.
type batches struct {
	all            []Change
	records, bytes int  // of the last
	closed         bool // the last takes no more
}

// next returns the change that has room for a record of a size.
func (b *batches) next(size int) *Change {
	if len(b.all) == 0 || b.closed || b.records == maxRecords || b.bytes+size > maxBytes {
		b.all = append(b.all, Change{})
		b.records, b.bytes, b.closed = 0, 0, false
	}
	b.records++
	b.bytes += size
	return &b.all[len(b.all)-1]
}

// cut begins another change.
func (b *batches) cut() { b.closed = true }

// apply notes a change that was made.
func (s *Stored) apply(revision uint64, c Change) {
	s.Revision = revision
	for i := range c.Networks {
		s.Networks[c.Networks[i].ID] = c.Networks[i].Digest()
	}
	for i := range c.Endpoints {
		s.Endpoints[c.Endpoints[i].ID] = c.Endpoints[i].Digest()
	}
	for _, id := range c.NetworksRemoved {
		delete(s.Networks, id)
	}
	for _, id := range c.EndpointsRemoved {
		delete(s.Endpoints, id)
	}
}
