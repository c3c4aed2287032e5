// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// View is an immutable state of the world. The zero View is empty and ready
// for use. Records it returns must not be changed.
type View struct {
	networks  hamt.Map[networkKey, *linkspan.Network]
	endpoints hamt.Map[Key, *linkspan.Endpoint]
	chassis   hamt.Map[chassisKey, *linkspan.Chassis]
	owned     hamt.Map[chassisKey, owned]
	members   hamt.Map[networkKey, members]  // chassis with attached endpoints of a network
	presence  hamt.Map[chassisKey, presence] // networks with attached endpoints on a chassis
	names     hamt.Map[nameKey, bearers]     // joined endpoints that bear a name in a network
	paths     hamt.Map[chassisKey, *linkspan.Paths]
	clear     hamt.Map[sitesKey, *linkspan.Clearance]
	overlays  overlays
	locals    locals
	bridged   int                       // networks of single hosts that are joined
	overlaps  hamt.Map[networkKey, int] // how many other networks have addresses of this one; none: absent
	subnets   subnets
	seconds   seconds
	groups    groups
	links     links
	policies  policies
	cuts      cuts
	discarded uint64
}

type (
	endpointSet = hamt.Map[Key, *linkspan.Endpoint]
	members     = hamt.Map[chassisKey, int]
	presence    = hamt.Map[networkKey, int]
)

// Network returns the network of that number, or nil.
func (v *View) Network(id linkspan.NetworkID) *linkspan.Network {
	n, _ := v.networks.Get(networkKey(id))
	return n
}

// Endpoint returns the endpoint of that key, reserved or attached, or nil. Under a
// second address that is the face of the endpoint that has it; see IsFace.
func (v *View) Endpoint(key Key) *linkspan.Endpoint {
	e, _ := v.endpoints.Get(key)
	return e
}

// Chassis returns the chassis of that number, or nil.
func (v *View) Chassis(id linkspan.ChassisID) *linkspan.Chassis {
	c, _ := v.chassis.Get(chassisKey(id))
	return c
}

// Networks yields all networks, in no useful order.
func (v *View) Networks() iter.Seq[*linkspan.Network] { return values(v.networks) }

// Endpoints yields all endpoints, faces included, in no useful order.
func (v *View) Endpoints() iter.Seq[*linkspan.Endpoint] { return values(v.endpoints) }

// AllChassis yields all chassis, in no useful order.
func (v *View) AllChassis() iter.Seq[*linkspan.Chassis] { return values(v.chassis) }

// Owned yields the endpoints of a chassis as they are stored, reserved or attached,
// in no useful order; no faces.
func (v *View) Owned(id linkspan.ChassisID) iter.Seq[*linkspan.Endpoint] {
	all, _ := v.owned.Get(chassisKey(id))
	return func(yield func(*linkspan.Endpoint) bool) {
		for e := range values(all.attached) {
			if !yield(e) {
				return
			}
		}
		for e := range values(all.others) {
			if !yield(e) {
				return
			}
		}
	}
}

// Attached yields the endpoints attached on a chassis, each with its face, if it has
// one, in no useful order.
func (v *View) Attached(id linkspan.ChassisID) iter.Seq[*linkspan.Endpoint] {
	all, _ := v.owned.Get(chassisKey(id))
	if all.faces.Len() == 0 {
		return values(all.attached)
	}
	return func(yield func(*linkspan.Endpoint) bool) {
		for e := range values(all.attached) {
			if !yield(e) {
				return
			}
		}
		for e := range values(all.faces) {
			if !yield(e) {
				return
			}
		}
	}
}

// Members yields the chassis that have attached endpoints of a network. Those of
// an overlay are elsewhere: OverlayMembers.
func (v *View) Members(id linkspan.NetworkID) iter.Seq[linkspan.ChassisID] {
	m, _ := v.members.Get(networkKey(id))
	return func(yield func(linkspan.ChassisID) bool) {
		for k := range m.All() {
			if !yield(linkspan.ChassisID(k)) {
				return
			}
		}
	}
}

// Present yields the networks that have attached endpoints on a chassis.
func (v *View) Present(id linkspan.ChassisID) iter.Seq[linkspan.NetworkID] {
	p, _ := v.presence.Get(chassisKey(id))
	return func(yield func(linkspan.NetworkID) bool) {
		for k := range p.All() {
			if !yield(linkspan.NetworkID(k)) {
				return
			}
		}
	}
}

// Member says whether a chassis has an attached endpoint of a network.
func (v *View) Member(id linkspan.NetworkID, on linkspan.ChassisID) bool {
	p, _ := v.presence.Get(chassisKey(on))
	_, ok := p.Get(networkKey(id))
	return ok
}

func values[K hamt.Key, V any](m hamt.Map[K, V]) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, value := range m.All() {
			if !yield(value) {
				return
			}
		}
	}
}
