// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Overlaps says whether another network has addresses of this one; networks of
// overlays are worlds of their own.
func (v *View) Overlaps(id linkspan.NetworkID) bool {
	n, _ := v.overlaps.Get(networkKey(id))
	return n > 0
}

// overlap counts anew who overlaps a network that comes (old is nil), goes (n
// is nil) or changes. It costs a look at every network, which come seldom.
func (b *builder) overlap(old, n *linkspan.Network) {
	if old != nil && n != nil && old.SameSubnets(n) {
		return
	}
	if routed(old) {
		b.meet(old, -1)
	}
	if routed(n) {
		b.meet(n, +1)
	}
}

// routed says whether packets of a network go by routes, where addresses meet.
func routed(n *linkspan.Network) bool { return n != nil && n.Driver.Routed() }

// meet adds by to the count of n and of each other network that it overlaps.
func (b *builder) meet(n *linkspan.Network, by int) {
	for _, o := range b.networks.All() {
		if o.ID != n.ID && routed(o) && o.Overlaps(n) {
			b.countOverlap(o.ID, by)
			b.countOverlap(n.ID, by)
		}
	}
}

func (b *builder) countOverlap(id linkspan.NetworkID, by int) {
	before, _ := b.overlaps.Get(networkKey(id))
	if before+by == 0 {
		b.overlaps = b.overlaps.Delete(networkKey(id))
	} else {
		b.overlaps = b.overlaps.Put(networkKey(id), before+by)
	}
	if (before == 0) != (before+by == 0) {
		b.delta.Overlaps = append(b.delta.Overlaps, id)
	}
}
