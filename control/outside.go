// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// flushCuts deletes the flows of routes out of all networks that are wider than they
// may be: a network has come with a subnet among their addresses, or a policy that
// names some of them. What was the widest prefix around there before is that of all of
// these flows. It costs two messages for each switch that has some.
func (h *Hub) flushCuts(old *view.View, d *view.Delta) {
	gone := make(map[netip.Prefix]bool)
	for _, c := range d.Networks {
		if c.New == nil || !c.New.Driver.Routed() || c.Old != nil && c.Old.SameSubnets(c.New) {
			continue
		}
		for _, subnet := range c.New.Subnets() {
			gone[wider(old.Around(subnet.Addr()), subnet)] = true
		}
	}
	for _, c := range d.Policies {
		for p := range view.NamedBy(c.New) {
			if before := old.Around(p.Addr()); before.Bits() < p.Bits() {
				gone[before] = true
			}
		}
	}
	h.forgetHeld(d)
	for p := range gone {
		for _, id := range h.outsides.take(p) {
			if dp := h.datapath(id); dp != nil {
				dp.session.End(pipeline.AppendUnplugOutside(dp.session.Begin(), 0, p))
				h.counters.Flushed.Add(1)
			}
		}
	}
}

// forgetHeld deletes the denials of addresses that a network held which is gone: they
// are outside now. It costs two messages for each switch that has denials.
func (h *Hub) forgetHeld(d *view.Delta) {
	for _, c := range d.Networks {
		if c.Old == nil || c.New != nil && c.New.SameSubnets(c.Old) {
			continue
		}
		for _, id := range h.index.denying() {
			dp := h.datapath(id)
			if dp == nil {
				continue
			}
			for _, subnet := range c.Old.Subnets() {
				dp.session.End(pipeline.AppendForgetPrefix(dp.session.Begin(), 0, subnet))
			}
			h.counters.Flushed.Add(1)
		}
	}
}

// outsides says on which chassis there may be flows that are about addresses outside,
// by the prefix that they are for. It is told before the View is looked at that a flow
// rests on; whoever changes the View asks after that. So none is missed.
type outsides struct {
	mu sync.Mutex
	on map[netip.Prefix]map[linkspan.ChassisID]bool
}

func (o *outsides) note(p netip.Prefix, on linkspan.ChassisID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.on[p][on]:
	case o.on == nil:
		o.on = map[netip.Prefix]map[linkspan.ChassisID]bool{p: {on: true}}
	case o.on[p] == nil:
		o.on[p] = map[linkspan.ChassisID]bool{on: true}
	default:
		o.on[p][on] = true
	}
}

// take returns the chassis of all prefixes that meet one, and forgets them.
func (o *outsides) take(p netip.Prefix) []linkspan.ChassisID {
	o.mu.Lock()
	defer o.mu.Unlock()
	on := make(map[linkspan.ChassisID]bool)
	for prefix, ids := range o.on {
		if prefix.Overlaps(p) {
			maps.Copy(on, ids)
			delete(o.on, prefix)
		}
	}
	return slices.Sorted(maps.Keys(on))
}

// wider returns the wider one of two prefixes, of which one holds the other.
func wider(a, b netip.Prefix) netip.Prefix {
	if a.Bits() < b.Bits() {
		return a
	}
	return b
}

// relate hands an ICMP error, which the host's stack has brought, to the endpoint that
// it is for. What it quotes left with an address of the host's; it gets back the
// endpoint's, which no flow can do. It is let through if the endpoint and the address
// that the quoted packet was to have anything to say to each other.
func (d *datapath) relate() {
	v := d.hub.view.Load()
	to := v.Endpoint(view.Key{Network: d.packet.Network, Address: d.packet.Destination})
	quoted, ok := d.parsed.Quoted()
	if !ok || !attached(to) || to.Chassis != d.id || !stands(quoted.Src, to.Port) {
		d.hub.counters.Ignored.Add(1)
		return
	}
	n := v.Network(to.Network)
	if n != nil && quoted.Dst == linkspan.GatewayHostTo(to.Address) {
		quoted.Dst = n.GatewayTo(to.Address)
	}
	if n == nil {
		d.hub.counters.Ignored.Add(1)
		return
	}
	dec := d.hub.beyond(v, d.id, to, quoted.Dst, false)
	if dec.Verdict != decide.Allow {
		d.hub.counters.Ignored.Add(1)
		return
	}
	head := packet.Quote{Src: to.Address, Dst: quoted.Dst}
	frame := d.parsed.AppendRequoted(nil, pipeline.RouterMAC(), to.MAC, head)
	d.session.EndQuietly(pipeline.AppendEmit(d.session.Begin(), 0, to.Port, frame))
	d.hub.counters.Allowed.Add(1)
	d.counted(&dec, frame, false)
}

// stands says whether an address of the host's stands for the endpoint at a port: the
// number is in its last 16 bits.
func stands(a netip.Addr, port uint32) bool {
	b := a.AsSlice()
	return len(b) >= 2 && uint32(b[len(b)-2])<<8|uint32(b[len(b)-1]) == port
}
