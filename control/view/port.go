// SPDX-License-Identifier: Apache-2.0

package view

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// owned are the endpoints of one chassis. Each is in one of the maps, as there are
// many of them: whoever is attached is found by its port.
type owned struct {
	attached hamt.Map[portKey, *linkspan.Endpoint]
	others   endpointSet // reserved, or of an overlay
}

// portKey is a port of a chassis.
type portKey uint32

// Hash mixes the bits.
func (k portKey) Hash() uint64 { return hamt.Mix(uint64(k)) }

func (o owned) empty() bool { return o.attached.Len() == 0 && o.others.Len() == 0 }

// at returns who is attached at a port of a chassis, or nil.
func (v *View) at(chassis linkspan.ChassisID, port uint32) *linkspan.Endpoint {
	all, _ := v.owned.Get(chassisKey(chassis))
	e, _ := all.attached.Get(portKey(port))
	return e
}

// own enters e among the endpoints of its chassis; it may be nil.
func (b *builder) own(e *linkspan.Endpoint) {
	if e == nil {
		return
	}
	all, _ := b.owned.Get(chassisKey(e.Chassis))
	if e.Attached() {
		all.attached = all.attached.Put(portKey(e.Port), e)
	} else {
		all.others = all.others.Put(KeyOf(e), e)
	}
	b.owned = b.owned.Put(chassisKey(e.Chassis), all)
}

// disown takes old away from there; it may be nil.
func (b *builder) disown(old *linkspan.Endpoint) {
	if old == nil {
		return
	}
	all, _ := b.owned.Get(chassisKey(old.Chassis))
	if old.Attached() {
		all.attached = all.attached.Delete(portKey(old.Port))
	} else {
		all.others = all.others.Delete(KeyOf(old))
	}
	if all.empty() {
		b.owned = b.owned.Delete(chassisKey(old.Chassis))
	} else {
		b.owned = b.owned.Put(chassisKey(old.Chassis), all)
	}
}

// settle sees to it that a port has one endpoint, as its flows can be those of
// one only. A chassis may have given a port to another endpoint while the one
// before is still stored: the controller was away, or nobody has released its
// address yet. Of two the one whose address was reserved later is at the port;
// where that is the same, the one that is put later. The other counts as
// reserved only.
func (b *builder) settle(e *linkspan.Endpoint) *linkspan.Endpoint {
	if !e.Attached() {
		return e
	}
	holder := b.at(e.Chassis, e.Port)
	switch {
	case holder == nil || KeyOf(holder) == KeyOf(e):
		return e
	case e.Created.Before(holder.Created):
		return unplugged(e)
	}
	b.setEndpoint(KeyOf(holder), unplugged(holder))
	return e
}

// unplugged returns a copy of e that has no port.
func unplugged(e *linkspan.Endpoint) *linkspan.Endpoint {
	reserved := *e
	reserved.Port = 0
	return &reserved
}
