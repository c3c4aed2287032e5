// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// seconds are the second addresses of endpoints. What is stored of an endpoint is one
// record with both addresses, and the reservation of the second one; what a View shows
// are two endpoints of one address each, so that whoever decides, plugs and deletes
// deals with one family at a time. The one at the second address is made here: the
// endpoint's face in IPv6. It is there while the chassis that has the endpoint also
// has the address.
type seconds struct {
	leases endpointSet                         // the reservations, by their own address, shown or not
	owners hamt.Map[Key, []*linkspan.Endpoint] // who says that it has a second address, by that; a list is never changed
}

// IsFace says whether an endpoint of a View is not a record of its own but the face of
// another at its second address. The other is the endpoint of the same port.
func IsFace(e *linkspan.Endpoint) bool { return e.Attached() && e.Address.Is6() }

// faceOf returns what is seen of an endpoint at its second address.
func faceOf(e *linkspan.Endpoint) *linkspan.Endpoint {
	face := *e
	face.Address, face.Address6 = e.Address6, netip.Addr{}
	return &face
}

// setLease puts the reservation of a second address under its key, or removes the key.
func (b *builder) setLease(key Key, e *linkspan.Endpoint) {
	old, _ := b.seconds.leases.Get(key)
	switch {
	case old == nil && e == nil, same(old, e):
		return
	case e == nil:
		b.seconds.leases = b.seconds.leases.Delete(key)
	default:
		b.seconds.leases = b.seconds.leases.Put(key, e)
	}
	b.reserve(old, e)
	b.showSecond(key)
}

// setSecond enters what an endpoint says of its second address, and takes away what it
// said before. Either may be nil.
func (b *builder) setSecond(old, e *linkspan.Endpoint) {
	was, had := secondKey(old)
	is, has := secondKey(e)
	if had {
		list, _ := b.seconds.owners.Get(was)
		b.seconds.owners = putOrDeleteList(b.seconds.owners, was, without(list, old))
	}
	if has {
		list, _ := b.seconds.owners.Get(is)
		b.seconds.owners = b.seconds.owners.Put(is, with(list, e))
	}
	if had {
		b.showSecond(was)
	}
	if has && is != was {
		b.showSecond(is)
	}
}

// owner returns who has a second address on the chassis that has reserved it, or nil.
// Of several, one of which is about to go, it is the one that was reserved later.
func (s *seconds) owner(key Key, on linkspan.ChassisID) (owner *linkspan.Endpoint) {
	list, _ := s.owners.Get(key)
	for _, e := range list {
		if e.Chassis == on && (owner == nil || e.Created.After(owner.Created) || e.Created.Equal(owner.Created) && owner.Address.Less(e.Address)) {
			owner = e
		}
	}
	return owner
}

// secondKey returns the key of an endpoint's face; ok is false when it has none.
func secondKey(e *linkspan.Endpoint) (key Key, ok bool) {
	if e == nil || !e.Attached() || !e.Address6.IsValid() {
		return key, false
	}
	return Key{e.Network, e.Address6}, true
}

// showSecond shows under a second address whom it is to show.
func (b *builder) showSecond(key Key) {
	before := b.Endpoint(key)
	now, _ := b.seconds.leases.Get(key)
	if now != nil {
		if owner := b.seconds.owner(key, now.Chassis); owner != nil {
			now = faceOf(owner)
		}
	}
	if b.show(key, now) {
		b.wear(before, now)
	}
}

// reserve enters the reservation of a second address among the endpoints of its
// chassis, and takes old from there.
func (b *builder) reserve(old, e *linkspan.Endpoint) {
	if old != nil {
		b.changeOwned(old.Chassis, func(all *owned) { all.others = all.others.Delete(KeyOf(old)) })
	}
	if e != nil {
		b.changeOwned(e.Chassis, func(all *owned) { all.others = all.others.Put(KeyOf(e), e) })
	}
}

// wear enters a face among those of its chassis, and takes old from there; what is
// none is passed over.
func (b *builder) wear(old, e *linkspan.Endpoint) {
	if old != nil && IsFace(old) {
		b.changeOwned(old.Chassis, func(all *owned) { all.faces = all.faces.Delete(KeyOf(old)) })
	}
	if e != nil && IsFace(e) {
		b.changeOwned(e.Chassis, func(all *owned) { all.faces = all.faces.Put(KeyOf(e), e) })
	}
}

// changeOwned changes the endpoints of a chassis.
func (b *builder) changeOwned(id linkspan.ChassisID, change func(*owned)) {
	all, _ := b.owned.Get(chassisKey(id))
	change(&all)
	if all.empty() {
		b.owned = b.owned.Delete(chassisKey(id))
	} else {
		b.owned = b.owned.Put(chassisKey(id), all)
	}
}
