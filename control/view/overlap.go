// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Overlaps says whether another network has addresses of this one.
func (v *View) Overlaps(id linkspan.NetworkID) bool {
	n, _ := v.overlaps.Get(networkKey(id))
	return n > 0
}

// overlap counts anew who overlaps a network that comes (old is nil), goes (n
// is nil) or changes. It costs a look at every network, which come seldom.
func (b *builder) overlap(old, n *linkspan.Network) {
	if old != nil && n != nil && old.Subnet == n.Subnet {
		return
	}
	if old != nil {
		b.meet(old, -1)
	}
	if n != nil {
		b.meet(n, +1)
	}
}

// meet adds by to the count of n and of each other network that it overlaps.
func (b *builder) meet(n *linkspan.Network, by int) {
	for _, o := range b.networks.All() {
		if o.ID != n.ID && o.Subnet.Overlaps(n.Subnet) {
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
