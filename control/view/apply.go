// SPDX-License-Identifier: Apache-2.0

package view

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// Apply returns a View with the changes made in order, and what is different.
// A record changed twice appears once for each time. v stays as it is.
func (v *View) Apply(changes ...Change) (*View, Delta) {
	b := builder{View: *v}
	for _, c := range changes {
		if c.apply != nil {
			c.apply(&b)
		}
	}
	b.enlist()
	next := b.View
	return &next, b.delta
}

// builder is a View in the making.
type builder struct {
	View
	delta Delta
	fresh []label // that policies hang on for the first time
}

func (b *builder) putNetwork(n *linkspan.Network) {
	old := b.Network(n.ID)
	if same(old, n) {
		return
	}
	b.overlap(old, n)
	b.subnets.replace(old, n)
	b.cuts.cutNetwork(old, n)
	if old == nil || old.Name != n.Name {
		b.policies.generation++
	}
	b.networks = b.networks.Put(networkKey(n.ID), n)
	b.bridge(old, n)
	b.delta.Networks = append(b.delta.Networks, Changed[linkspan.Network]{old, n})
}

func (b *builder) removeNetwork(id linkspan.NetworkID) {
	if old := b.Network(id); old != nil {
		b.overlap(old, nil)
		b.subnets.replace(old, nil)
		b.cuts.cutNetwork(old, nil)
		b.policies.generation++
		b.networks = b.networks.Delete(networkKey(id))
		b.bridge(old, nil)
		b.delta.Networks = append(b.delta.Networks, Changed[linkspan.Network]{Old: old})
	}
}

func (b *builder) putChassis(c *linkspan.Chassis) {
	old := b.Chassis(c.ID)
	if same(old, c) {
		return
	}
	if old == nil || old.Name != c.Name {
		b.policies.generation++
	}
	b.chassis = b.chassis.Put(chassisKey(c.ID), c)
	b.delta.Chassis = append(b.delta.Chassis, Changed[linkspan.Chassis]{old, c})
}

func (b *builder) removeChassis(id linkspan.ChassisID) {
	if old := b.Chassis(id); old != nil {
		b.policies.generation++
		b.chassis = b.chassis.Delete(chassisKey(id))
		b.delta.Chassis = append(b.delta.Chassis, Changed[linkspan.Chassis]{Old: old})
	}
}

// setEndpoint puts the record e under its key, or removes the key when e is nil.
func (b *builder) setEndpoint(key Key, e *linkspan.Endpoint) {
	if key.Address.Is6() {
		b.setLease(key, e)
		return
	}
	old := b.Endpoint(key)
	if b.show(key, e) {
		b.disown(old)
		b.own(e)
		b.setSecond(old, e)
	}
}

// show has e found under a key, or nobody when it is nil. It returns false when it is
// so already.
func (b *builder) show(key Key, e *linkspan.Endpoint) bool {
	old := b.Endpoint(key)
	switch {
	case old == nil && e == nil, same(old, e):
		return false
	case e == nil:
		b.endpoints = b.endpoints.Delete(key)
	default:
		b.endpoints = b.endpoints.Put(key, e)
	}
	b.delta.Endpoints = append(b.delta.Endpoints, Changed[linkspan.Endpoint]{old, e})
	b.rename(old, e)
	b.overlay(old, e)
	b.links.contain(old, e)
	b.relabel(old, e)
	b.introduce(old, e)
	b.discard(old)
	if e != nil && e.Attached() {
		b.count(e.Network, e.Chassis, +1)
	}
	if old != nil && old.Attached() {
		b.count(old.Network, old.Chassis, -1)
	}
	return true
}

// count changes the number of endpoints of a network that a chassis has.
func (b *builder) count(network linkspan.NetworkID, on linkspan.ChassisID, by int) {
	nets, _ := b.presence.Get(chassisKey(on))
	before, _ := nets.Get(networkKey(network))
	hosts, _ := b.members.Get(networkKey(network))
	after := before + by
	if after == 0 {
		nets, hosts = nets.Delete(networkKey(network)), hosts.Delete(chassisKey(on))
	} else {
		nets, hosts = nets.Put(networkKey(network), after), hosts.Put(chassisKey(on), after)
	}
	b.presence = putOrDelete(b.presence, chassisKey(on), nets)
	b.members = putOrDelete(b.members, networkKey(network), hosts)
	if (before == 0) != (after == 0) {
		b.delta.Presence = append(b.delta.Presence, Presence{network, on, after != 0})
	}
}

// putOrDelete puts a map of maps, or deletes the key when the map is empty.
func putOrDelete[K, L hamt.Key, V any](m hamt.Map[K, hamt.Map[L, V]], key K, value hamt.Map[L, V]) hamt.Map[K, hamt.Map[L, V]] {
	if value.Len() == 0 {
		return m.Delete(key)
	}
	return m.Put(key, value)
}
