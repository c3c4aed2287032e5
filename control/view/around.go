// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// cuts are the prefixes that something is said about: the subnets of routed networks
// and those that policies name. They cut the address space into the largest aligned
// parts of which all addresses are the same to every decision. A tree of bits for each
// family, never changed.
type cuts struct{ v4, v6 *cut }

// cut is a prefix: of the tree's root /0, of its children one bit more.
type cut struct {
	next  [2]*cut
	count int // how often it is among the cuts
}

// Around returns the widest prefix around an address that no cut lies in: none of its
// addresses differs from another in which networks hold it and which policies name it.
func (v *View) Around(a netip.Addr) netip.Prefix {
	at, bits := *v.cuts.of(a), 0
	for at != nil && (at.next[0] != nil || at.next[1] != nil) {
		at, bits = at.next[bit(a, bits)], bits+1
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// of returns the root for a's family.
func (c *cuts) of(a netip.Addr) **cut {
	if a.Is4() {
		return &c.v4
	}
	return &c.v6
}

// bit returns that bit of an address, of the first after as many as are given.
func bit(a netip.Addr, after int) int {
	if a.Is4() {
		b := a.As4()
		return int(b[after/8] >> (7 - after%8) & 1)
	}
	b := a.As16()
	return int(b[after/8] >> (7 - after%8) & 1)
}

// add counts a prefix once more, or with -1 once less.
func (c *cuts) add(p netip.Prefix, by int) {
	if root := c.of(p.Addr()); p.IsValid() {
		*root = (*root).with(p.Masked(), 0, by)
	}
}

// with returns the tree with a prefix counted by as much; nil when nothing is left.
func (c *cut) with(p netip.Prefix, depth, by int) *cut {
	var n cut
	if c != nil {
		n = *c
	}
	if depth == p.Bits() {
		n.count += by
	} else {
		i := bit(p.Addr(), depth)
		n.next[i] = n.next[i].with(p, depth+1, by)
	}
	if n.count == 0 && n.next[0] == nil && n.next[1] == nil {
		return nil
	}
	return &n
}

// cutNetwork replaces the cut of a network; both are of one number, and either may be
// nil or not routed.
func (c *cuts) cutNetwork(old, n *linkspan.Network) {
	c.addSubnets(n, +1)
	c.addSubnets(old, -1)
}

func (c *cuts) addSubnets(n *linkspan.Network, by int) {
	if routed(n) {
		for _, p := range n.Subnets() {
			c.add(p, by)
		}
	}
}

// cutPolicy replaces the cuts of a policy; either may be nil.
func (c *cuts) cutPolicy(old, p *linkspan.Policy) {
	for prefix := range NamedBy(p) {
		c.add(prefix, +1)
	}
	for prefix := range NamedBy(old) {
		c.add(prefix, -1)
	}
}

// NamedBy yields the prefixes that a policy names, some perhaps twice; p may be nil.
func NamedBy(p *linkspan.Policy) func(yield func(netip.Prefix) bool) {
	return func(yield func(netip.Prefix) bool) {
		if p == nil {
			return
		}
		for _, side := range [][]linkspan.Selector{p.From, p.To} {
			for i := range side {
				if side[i].CIDR.IsValid() && !yield(side[i].CIDR) {
					return
				}
			}
		}
	}
}
