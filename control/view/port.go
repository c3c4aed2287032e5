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
	faces    endpointSet // of those attached
}

// portKey is a port of a chassis.
type portKey uint32

// Hash mixes the bits.
func (k portKey) Hash() uint64 { return hamt.Mix(uint64(k)) }

func (o owned) empty() bool { return o.attached.Len()+o.others.Len()+o.faces.Len() == 0 }

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
	b.changeOwned(e.Chassis, func(all *owned) {
		if e.Attached() {
			all.attached = all.attached.Put(portKey(e.Port), e)
		} else {
			all.others = all.others.Put(KeyOf(e), e)
		}
	})
}

// disown takes old away from there; it may be nil.
func (b *builder) disown(old *linkspan.Endpoint) {
	if old == nil {
		return
	}
	b.changeOwned(old.Chassis, func(all *owned) {
		if old.Attached() {
			all.attached = all.attached.Delete(portKey(old.Port))
		} else {
			all.others = all.others.Delete(KeyOf(old))
		}
	})
}

// settle sees to it that a port has one endpoint, as its flows can be those of
// one only. A chassis may have given a port to another endpoint while the one
// before is still stored: the controller was away, or nobody has released its
// address yet. Of two the one whose address was reserved later is at the port;
// where that is the same, the one that is put later. The other counts as
// reserved only.
func (b *builder) settle(e *linkspan.Endpoint) *linkspan.Endpoint {
	if !e.Attached() || e.Address.Is6() { // a face comes and goes with its endpoint
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
