// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Sight says what an address is, seen from an endpoint.
type Sight uint8

// The sights.
const (
	Nowhere   Sight = iota // no network holds it
	Ambiguous              // several do, and nothing says which is meant
	Seen                   // it is an address of one network
)

// Find returns whose an address is, seen from an attached endpoint: of its own
// network if that holds it; else of the one network that does; of several, of the
// one that shares a group with the endpoint's; else of the endpoint that a link
// allows it to talk with. Whether anybody is attached there, and may talk, is
// another question. What is not Seen comes back as an address of the endpoint's
// own network, which nobody can have. It does not allocate.
func (v *View) Find(from *linkspan.Endpoint, a netip.Addr) (Key, Sight) {
	own := v.Network(from.Network)
	if own != nil && own.Holds(a) {
		return Key{from.Network, a}, Seen
	}
	return v.findAcross(from, a)
}

// findAcross is Find for an address that is not of the endpoint's own network.
func (v *View) findAcross(from *linkspan.Endpoint, a netip.Addr) (Key, Sight) {
	one, n := v.subnets.holding(a)
	switch n {
	case 0:
		return Key{from.Network, a}, Nowhere
	case 1:
		return Key{one.ID, a}, Seen
	}
	if id, several := v.sharing(from.Network, a, n); id != 0 && !several {
		return Key{id, a}, Seen
	} else if several {
		return Key{from.Network, a}, Ambiguous
	}
	if e := v.linkedAt(from, a); e != nil {
		return KeyOf(e), Seen
	}
	return Key{from.Network, a}, Ambiguous
}

// sharing returns the network that holds an address and shares a group with the
// given one, or 0, and whether there are several. n is how many hold the address:
// of the two lists to look through, the shorter is taken.
func (v *View) sharing(id linkspan.NetworkID, a netip.Addr, n int) (found linkspan.NetworkID, several bool) {
	grouped := 0
	for _, g := range v.GroupsOf(id) {
		grouped += len(g.Networks)
	}
	if grouped == 0 {
		return 0, false
	}
	note := func(other linkspan.NetworkID) bool {
		several = found != 0 && found != other
		found = other
		return !several
	}
	if n <= grouped {
		v.subnets.each(a, func(o *linkspan.Network) bool { return v.Shares(id, o.ID) == nil || note(o.ID) })
		return found, several
	}
	for other := range v.Grouped(id) {
		if o := v.Network(other); routed(o) && o.Holds(a) && !note(other) {
			break
		}
	}
	return found, several
}

// FindEachOther says whether each of two endpoints finds the other under its
// address. Two of one network do, as its subnets hold both, if both addresses are of
// one family.
func (v *View) FindEachOther(a, b *linkspan.Endpoint) bool {
	if a.Address.Is4() != b.Address.Is4() {
		return false
	}
	x, sight := v.Find(a, b.Address)
	if sight != Seen || x != KeyOf(b) {
		return false
	}
	y, sight := v.Find(b, a.Address)
	return sight == Seen && y == KeyOf(a)
}

// Holding yields the routed networks that hold an address.
func (v *View) Holding(a netip.Addr) iter.Seq[*linkspan.Network] {
	return func(yield func(*linkspan.Network) bool) { v.subnets.each(a, yield) }
}

// MayTalk says whether two chassis that share no network may have a route between
// them all the same: by a group, by a link, or by a policy, of which it is enough that
// one allows something to somebody. It is for pairs that asked for one, of which there
// are few.
func (v *View) MayTalk(a, b linkspan.ChassisID) bool {
	if v.AnyPolicyAllows() {
		return true
	}
	for id := range v.Present(a) {
		for other := range v.Grouped(id) {
			if v.Member(other, b) {
				return true
			}
		}
	}
	for l := range v.LinksBetween(a, b) {
		if l.Verdict == linkspan.LinkAllow && v.anyCovered(l.A) && v.anyCovered(l.B) {
			return true
		}
	}
	return false
}

func (v *View) anyCovered(end linkspan.LinkEnd) bool {
	for range v.Covered(end) {
		return true
	}
	return false
}
