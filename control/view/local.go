// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// locals are the networks of single hosts and who is in them, by chassis. No
// packet asks for them, but for those that are joined to the fabric: see bridged.go.
type locals = hamt.Map[chassisKey, hostLocals]

// hostLocals is what one chassis has told of its own networks.
type hostLocals struct {
	networks  hamt.Map[localKey, *linkspan.LocalNetwork]
	endpoints localSet
	members   hamt.Map[localKey, localSet]           // by network
	joined    hamt.Map[localKey, linkspan.NetworkID] // to the fabric: their numbers there
	size      int                                    // of all records, bytes
}

type localSet = hamt.Map[localKey, *linkspan.LocalEndpoint]

// localKey is the id of a network or an endpoint on its chassis.
type localKey string

// Hash is that of the whole id.
func (k localKey) Hash() uint64 { return hamt.Mix(fnv(fnvOffset, string(k))) }

// LocalNetwork returns the network of one host, by its id there, or nil.
func (v *View) LocalNetwork(on linkspan.ChassisID, id string) *linkspan.LocalNetwork {
	h, _ := v.locals.Get(chassisKey(on))
	n, _ := h.networks.Get(localKey(id))
	return n
}

// LocalEndpoint returns the endpoint of a network of one host, by its id there,
// or nil.
func (v *View) LocalEndpoint(on linkspan.ChassisID, id string) *linkspan.LocalEndpoint {
	h, _ := v.locals.Get(chassisKey(on))
	e, _ := h.endpoints.Get(localKey(id))
	return e
}

// LocalNetworks yields the networks that a chassis has alone, in no useful order.
func (v *View) LocalNetworks(on linkspan.ChassisID) iter.Seq[*linkspan.LocalNetwork] {
	h, _ := v.locals.Get(chassisKey(on))
	return values(h.networks)
}

// LocalEndpoints yields who is in those networks, in no useful order.
func (v *View) LocalEndpoints(on linkspan.ChassisID) iter.Seq[*linkspan.LocalEndpoint] {
	h, _ := v.locals.Get(chassisKey(on))
	return values(h.endpoints)
}

// LocalMembers yields who is in one of them, in no useful order.
func (v *View) LocalMembers(on linkspan.ChassisID, network string) iter.Seq[*linkspan.LocalEndpoint] {
	h, _ := v.locals.Get(chassisKey(on))
	set, _ := h.members.Get(localKey(network))
	return values(set)
}

// LocalHosts yields the chassis that have told of networks of their own, in no
// useful order. One that has been removed may be among them for a moment.
func (v *View) LocalHosts() iter.Seq[linkspan.ChassisID] {
	return func(yield func(linkspan.ChassisID) bool) {
		for k := range v.locals.All() {
			if !yield(linkspan.ChassisID(k)) {
				return
			}
		}
	}
}

// LocalUse says how much a chassis has told of its own networks: how many there
// are, how many are in them, and about how many bytes that takes. It costs the same
// whatever their number.
func (v *View) LocalUse(on linkspan.ChassisID) (networks, endpoints, size int) {
	h, _ := v.locals.Get(chassisKey(on))
	return h.networks.Len(), h.endpoints.Len(), h.size
}

// PutLocalNetwork adds a network of one host or replaces the one of its id there.
// The record belongs to the View from now on.
func PutLocalNetwork(n *linkspan.LocalNetwork) Change {
	return Change{func(b *builder) { b.setLocalNetwork(n.Chassis, n.ID, n) }}
}

// RemoveLocalNetwork removes one; there need not be one.
func RemoveLocalNetwork(on linkspan.ChassisID, id string) Change {
	return Change{func(b *builder) { b.setLocalNetwork(on, id, nil) }}
}

// PutLocalEndpoint adds an endpoint of a network of one host or replaces the one
// of its id there. Its network need not be known. The record belongs to the View
// from now on.
func PutLocalEndpoint(e *linkspan.LocalEndpoint) Change {
	return Change{func(b *builder) { b.setLocalEndpoint(e.Chassis, e.ID, e) }}
}

// RemoveLocalEndpoint removes one; there need not be one.
func RemoveLocalEndpoint(on linkspan.ChassisID, id string) Change {
	return Change{func(b *builder) { b.setLocalEndpoint(on, id, nil) }}
}

func (b *builder) setLocalNetwork(on linkspan.ChassisID, id string, n *linkspan.LocalNetwork) {
	h, _ := b.locals.Get(chassisKey(on))
	old, _ := h.networks.Get(localKey(id))
	if old == nil && n == nil || same(old, n) {
		return
	}
	h.networks = putOrForget(h.networks, localKey(id), n)
	if old != nil {
		h.size -= old.Size()
	}
	if n != nil {
		h.size += n.Size()
	}
	b.setLocals(on, h)
	b.delta.LocalNetworks = append(b.delta.LocalNetworks, Changed[linkspan.LocalNetwork]{old, n})
}

func (b *builder) setLocalEndpoint(on linkspan.ChassisID, id string, e *linkspan.LocalEndpoint) {
	h, _ := b.locals.Get(chassisKey(on))
	old, _ := h.endpoints.Get(localKey(id))
	if old == nil && e == nil || same(old, e) {
		return
	}
	h.endpoints = putOrForget(h.endpoints, localKey(id), e)
	if old != nil {
		h.size -= old.Size()
		in, _ := h.members.Get(localKey(old.Network))
		h.members = putOrDelete(h.members, localKey(old.Network), in.Delete(localKey(id)))
	}
	if e != nil {
		h.size += e.Size()
		in, _ := h.members.Get(localKey(e.Network))
		h.members = h.members.Put(localKey(e.Network), in.Put(localKey(id), e))
	}
	b.setLocals(on, h)
	b.bridgeEndpoint(on, old, e)
	b.delta.LocalEndpoints = append(b.delta.LocalEndpoints, Changed[linkspan.LocalEndpoint]{old, e})
}

func (b *builder) setLocals(on linkspan.ChassisID, h hostLocals) {
	if h.networks.Len()+h.endpoints.Len()+h.joined.Len() == 0 {
		b.locals = b.locals.Delete(chassisKey(on))
	} else {
		b.locals = b.locals.Put(chassisKey(on), h)
	}
}

// putOrForget puts a record, or deletes its key when there is none.
func putOrForget[R any](m hamt.Map[localKey, *R], key localKey, record *R) hamt.Map[localKey, *R] {
	if record == nil {
		return m.Delete(key)
	}
	return m.Put(key, record)
}
