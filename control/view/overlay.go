// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// overlays are the endpoints that send through overlays, and where they are.
type overlays struct {
	endpoints hamt.Map[networkKey, endpointSet]
	members   hamt.Map[networkKey, members]
	presence  hamt.Map[chassisKey, presence]
}

// Overlaid are the endpoints of one overlay network, to be kept without the rest
// of a View. The zero value has none.
type Overlaid struct{ all endpointSet }

// Overlaid returns the endpoints of an overlay network.
func (v *View) Overlaid(id linkspan.NetworkID) Overlaid {
	set, _ := v.overlays.endpoints.Get(networkKey(id))
	return Overlaid{set}
}

// All yields them, in no useful order.
func (o Overlaid) All() iter.Seq[*linkspan.Endpoint] { return values(o.all) }

// Since yields what is different from earlier: each endpoint that is new or that
// others find otherwise, and nil for one that is gone. It costs the size of the
// difference.
func (o Overlaid) Since(earlier Overlaid) iter.Seq2[Key, *linkspan.Endpoint] {
	return func(yield func(Key, *linkspan.Endpoint) bool) {
		for key := range hamt.Changed(earlier.all, o.all) {
			before, _ := earlier.all.Get(key)
			now, _ := o.all.Get(key)
			if !SameOverlaid(before, now) && !yield(key, now) {
				return
			}
		}
	}
}

// SameOverlaid says whether others find an endpoint as before: with the same MAC at
// the same chassis, or not at all. Either may be nil.
func SameOverlaid(a, b *linkspan.Endpoint) bool {
	x, y := a != nil && a.Overlaid(), b != nil && b.Overlaid()
	return x == y && (!x || a.MAC == b.MAC && a.Chassis == b.Chassis)
}

// OverlayMembers yields the chassis that have endpoints of an overlay network.
func (v *View) OverlayMembers(id linkspan.NetworkID) iter.Seq[linkspan.ChassisID] {
	m, _ := v.overlays.members.Get(networkKey(id))
	return func(yield func(linkspan.ChassisID) bool) {
		for k := range m.All() {
			if !yield(linkspan.ChassisID(k)) {
				return
			}
		}
	}
}

// Overlays yields the overlay networks that a chassis has endpoints of.
func (v *View) Overlays(id linkspan.ChassisID) iter.Seq[linkspan.NetworkID] {
	p, _ := v.overlays.presence.Get(chassisKey(id))
	return func(yield func(linkspan.NetworkID) bool) {
		for k := range p.All() {
			if !yield(linkspan.NetworkID(k)) {
				return
			}
		}
	}
}

// InOverlay says whether a chassis has endpoints of an overlay network.
func (v *View) InOverlay(id linkspan.NetworkID, on linkspan.ChassisID) bool {
	p, _ := v.overlays.presence.Get(chassisKey(on))
	_, ok := p.Get(networkKey(id))
	return ok
}

// overlay enters e among the endpoints of its overlay, and takes old from there;
// both are of one key, and either may be nil.
func (b *builder) overlay(old, e *linkspan.Endpoint) {
	if old != nil && old.Overlaid() {
		set, _ := b.overlays.endpoints.Get(networkKey(old.Network))
		b.overlays.endpoints = putOrDelete(b.overlays.endpoints, networkKey(old.Network), set.Delete(KeyOf(old)))
		b.overlays.count(old.Network, old.Chassis, -1)
	}
	if e != nil && e.Overlaid() {
		set, _ := b.overlays.endpoints.Get(networkKey(e.Network))
		b.overlays.endpoints = b.overlays.endpoints.Put(networkKey(e.Network), set.Put(KeyOf(e), e))
		b.overlays.count(e.Network, e.Chassis, +1)
	}
}

// count changes the number of endpoints of a network that a chassis has.
func (o *overlays) count(network linkspan.NetworkID, on linkspan.ChassisID, by int) {
	nets, _ := o.presence.Get(chassisKey(on))
	hosts, _ := o.members.Get(networkKey(network))
	before, _ := nets.Get(networkKey(network))
	if before+by == 0 {
		nets, hosts = nets.Delete(networkKey(network)), hosts.Delete(chassisKey(on))
	} else {
		nets, hosts = nets.Put(networkKey(network), before+by), hosts.Put(chassisKey(on), before+by)
	}
	o.presence = putOrDelete(o.presence, chassisKey(on), nets)
	o.members = putOrDelete(o.members, networkKey(network), hosts)
}
