// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/binary"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// subnets are the routed networks by their subnets: which networks hold an address
// costs a look for each length that subnets have, however many networks there are.
type subnets struct {
	lengths [129]int32 // how many subnets there are of so many bits
	by      hamt.Map[prefixKey, holders]
}

// prefixKey is a subnet, masked.
type prefixKey struct{ netip.Prefix }

// Hash is that of the first 64 bits of the address, mixed with the length; the rest
// of an IPv6 address is mixed in after them.
func (k prefixKey) Hash() uint64 {
	if k.Addr().Is4() {
		a := k.Addr().As4()
		return hamt.Mix(uint64(k.Bits())<<32 | uint64(binary.BigEndian.Uint32(a[:])))
	}
	a := k.Addr().As16()
	h := hamt.Mix(uint64(k.Bits()) ^ binary.BigEndian.Uint64(a[:8]))
	return hamt.Mix(h ^ binary.BigEndian.Uint64(a[8:]))
}

// holders are the networks of one subnet. Most subnets have one, for which alone
// there is no set.
type holders struct {
	one  *linkspan.Network
	more hamt.Map[networkKey, *linkspan.Network]
}

// len returns how many there are.
func (h holders) len() int {
	if h.one == nil {
		return 0
	}
	return 1 + h.more.Len()
}

// each yields them until yield returns false, which it returns then, too.
func (h holders) each(yield func(*linkspan.Network) bool) bool {
	if h.one == nil {
		return true
	}
	if !yield(h.one) {
		return false
	}
	for _, n := range h.more.All() {
		if !yield(n) {
			return false
		}
	}
	return true
}

// holding counts the networks that hold an address, and returns one of them.
func (s *subnets) holding(a netip.Addr) (one *linkspan.Network, n int) {
	for bits := 0; bits <= a.BitLen(); bits++ {
		if s.lengths[bits] == 0 {
			continue
		}
		if h := s.at(a, bits); h.one != nil {
			one, n = h.one, n+h.len()
		}
	}
	return one, n
}

// at returns the networks of the subnet of so many bits that holds an address.
func (s *subnets) at(a netip.Addr, bits int) holders {
	p, err := a.Prefix(bits)
	if err != nil {
		return holders{}
	}
	h, _ := s.by.Get(prefixKey{p})
	return h
}

// each yields the networks that hold an address until yield returns false.
func (s *subnets) each(a netip.Addr, yield func(*linkspan.Network) bool) {
	for bits := 0; bits <= a.BitLen(); bits++ {
		if s.lengths[bits] > 0 && !s.at(a, bits).each(yield) {
			return
		}
	}
}

// replace enters n, and takes old away; both are of one number, and either may be
// nil or not routed.
func (s *subnets) replace(old, n *linkspan.Network) {
	if routed(old) {
		for _, p := range old.Subnets() {
			s.remove(old, p)
		}
	}
	if routed(n) {
		for _, p := range n.Subnets() {
			s.add(n, p)
		}
	}
}

func (s *subnets) add(n *linkspan.Network, p netip.Prefix) {
	if !p.IsValid() {
		return
	}
	key := prefixKey{p.Masked()}
	h, _ := s.by.Get(key)
	if h.one == nil {
		h.one = n
	} else {
		h.more = h.more.Put(networkKey(n.ID), n)
	}
	s.by = s.by.Put(key, h)
	s.lengths[key.Bits()]++
}

func (s *subnets) remove(n *linkspan.Network, p netip.Prefix) {
	if !p.IsValid() {
		return
	}
	key := prefixKey{p.Masked()}
	h, _ := s.by.Get(key)
	if h.one != nil && h.one.ID == n.ID {
		h.one = nil
		for _, other := range h.more.All() { // any of the others
			h.one = other
			break
		}
		if h.one != nil {
			h.more = h.more.Delete(networkKey(h.one.ID))
		}
	} else {
		h.more = h.more.Delete(networkKey(n.ID))
	}
	s.lengths[key.Bits()]--
	if h.one == nil {
		s.by = s.by.Delete(key)
	} else {
		s.by = s.by.Put(key, h)
	}
}
