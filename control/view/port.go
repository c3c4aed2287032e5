// SPDX-License-Identifier: Apache-2.0

package view

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// portKey is a port of a chassis.
type portKey struct {
	chassis linkspan.ChassisID
	port    uint32
}

// Hash mixes both numbers.
func (k portKey) Hash() uint64 { return hamt.Mix(uint64(k.chassis)<<32 | uint64(k.port)) }

func portOf(e *linkspan.Endpoint) portKey { return portKey{e.Chassis, e.Port} }

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
	holder, taken := b.ports.Get(portOf(e))
	switch {
	case !taken || KeyOf(holder) == KeyOf(e):
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
