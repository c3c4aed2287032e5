// SPDX-License-Identifier: Apache-2.0

package control

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Update makes changes to the View and has the switches follow: flows that
// rested on a changed record are deleted, static flows are put and deleted.
// When it returns, all that is in the sessions' out-buffers; it waits for no
// switch. What only policies say otherwise is left to Follow.
func (h *Hub) Update(changes ...view.Change) {
	h.update.Lock()
	defer h.update.Unlock()
	old := h.view.Load()
	next, delta := old.Apply(changes...)
	if delta.Empty() {
		return
	}
	h.tally.follow(&delta)
	h.cfg.Peers.Update(next, &delta) // first: no decision is about peers that it does not know
	opened := h.openPaths(next, &delta)
	h.view.Store(next)
	for _, c := range delta.Endpoints {
		if !equalInFlows(c.Old, c.New) || next.Unknowable(c.New) {
			h.flushEndpoint(c)
		}
	}
	flushed := make(networks)
	for _, c := range delta.Networks {
		if c.Old != nil && !equalNetworkInFlows(c.Old, c.New) {
			flushed[c.Old.ID] = true
		}
	}
	pairs, all := moved(old, next, &delta, h.index.pairs)
	for _, id := range all {
		flushed[id] = true
	}
	for _, id := range flushed.sorted() {
		h.flushNetwork(id, old, next)
	}
	for _, pair := range pairs {
		h.flushPair(pair.A, pair.B)
		h.flushPair(pair.B, pair.A)
	}
	h.flushCuts(old, &delta)
	h.flushGroups(old, next, &delta, flushed)
	h.flushLinked(old, next, &delta, flushed)
	h.reselect(old, next, &delta)
	if len(delta.Clearances) > 0 {
		h.apart.forget()
	}
	for _, id := range affected(&delta, old, next) {
		if d := h.datapath(id); d != nil {
			put, gone := pipeline.Difference(old, next, &delta, id)
			d.change(put.Without(opened[id]), gone)
		}
	}
}

// openPaths has both ends of each path that is proved now take in what comes by it, before
// any decision sends something that way. It returns what it has put.
func (h *Hub) openPaths(next *view.View, delta *view.Delta) map[linkspan.ChassisID]pipeline.Set {
	opened := make(map[linkspan.ChassisID]pipeline.Set)
	for pair := range delta.PathPairs() {
		for _, id := range [...]linkspan.ChassisID{pair.A, pair.B} {
			_, done := opened[id]
			if d := h.datapath(id); d != nil && !done {
				opened[id] = pipeline.Peers(next, delta, id)
				d.change(opened[id], pipeline.Set{})
			}
		}
	}
	return opened
}

// equalInFlows says that an endpoint changed only in what no decision reads and
// no flow holds, such as its container's name: its routes go on.
func equalInFlows(a, b *linkspan.Endpoint) bool {
	return a != nil && b != nil && a.Chassis == b.Chassis && a.Port == b.Port && a.MAC == b.MAC
}

// equalNetworkInFlows says the same of a network, such as one whose removal was
// begun and given up.
func equalNetworkInFlows(a, b *linkspan.Network) bool {
	return a != nil && b != nil && a.SameSubnets(b) && a.Gateway == b.Gateway && a.Gateway6 == b.Gateway6 && a.Idle == b.Idle &&
		a.Transport == b.Transport && a.Internal == b.Internal
}

// flushEndpoint deletes the flows that rest on an endpoint's record: at its own
// place, and under the networks of those that it talks with.
func (h *Hub) flushEndpoint(c view.Changed[linkspan.Endpoint]) {
	key := view.KeyOf(c.Any())
	at := h.index.take(key)
	for _, e := range []*linkspan.Endpoint{c.Old, c.New} {
		if e != nil {
			at = append(at, placeOf(e))
		}
	}
	slices.SortFunc(at, place.compare)
	for _, p := range slices.Compact(at) {
		if d := h.datapath(p.on); d != nil {
			under := view.Key{Network: p.network, Address: key.Address}
			b := pipeline.AppendUnplug(d.session.Begin(), 0, under)
			d.session.End(d.forget(b, c.Old))
			h.counters.Flushed.Add(1)
		}
	}
}

// flushNetwork deletes the flows that rest on a network's record: they are on
// chassis that have, or had until now, endpoints of it, and under the networks that
// share a group with it, or with whose endpoints policies let its own talk.
func (h *Hub) flushNetwork(id linkspan.NetworkID, old, next *view.View) {
	h.onMembers(id, old, next, func(b []byte) []byte { return pipeline.AppendUnplugNetwork(b, 0, id) })
	n := old.Network(id)
	if n == nil {
		return
	}
	for other := range old.Grouped(id) {
		for _, subnet := range n.Subnets() {
			h.onMembers(other, old, next, func(b []byte) []byte { return pipeline.AppendUnplugSubnet(b, 0, other, subnet) })
		}
	}
	if old.CountPolicies() > 0 { // before there were policies nothing stood across by them
		h.flushAcross(id, old)
	}
}

// flushAcross deletes the flows of a network's endpoints that stand under other networks,
// where the index knows of some.
func (h *Hub) flushAcross(id linkspan.NetworkID, v *view.View) {
	for member := range v.Members(id) {
		for e := range v.Attached(member) {
			if e.Network != id {
				continue
			}
			for _, p := range h.index.dependents(view.KeyOf(e)) {
				if d := h.datapath(p.on); d != nil && p.network != id {
					under := view.Key{Network: p.network, Address: e.Address}
					d.session.End(pipeline.AppendUnplug(d.session.Begin(), 0, under))
					h.counters.Flushed.Add(1)
				}
			}
		}
	}
}

// onMembers appends something on each chassis that has, or had until now, endpoints
// of a network.
func (h *Hub) onMembers(id linkspan.NetworkID, old, next *view.View, what func([]byte) []byte) {
	on := slices.AppendSeq(slices.Collect(old.Members(id)), next.Members(id))
	slices.Sort(on)
	for _, member := range slices.Compact(on) {
		if d := h.datapath(member); d != nil {
			d.session.End(what(d.session.Begin()))
			h.counters.Flushed.Add(1)
		}
	}
}

// affected returns the chassis whose static flows may differ.
func affected(d *view.Delta, old, next *view.View) []linkspan.ChassisID {
	var ids []linkspan.ChassisID
	for _, c := range d.Endpoints {
		for _, e := range []*linkspan.Endpoint{c.Old, c.New} {
			if e != nil && e.Attached() {
				ids = append(ids, e.Chassis)
			}
		}
	}
	for _, c := range d.Networks {
		ids = slices.AppendSeq(ids, old.Members(c.Any().ID))
		ids = slices.AppendSeq(ids, next.Members(c.Any().ID))
	}
	for _, id := range d.Overlaps {
		ids = slices.AppendSeq(ids, next.Members(id))
	}
	for pair := range d.PathPairs() {
		ids = append(ids, pair.A, pair.B)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// change puts and deletes static flows and meters: meters before the flows
// that use them, and away after. The caller holds the Hub's update.
func (d *datapath) change(put, gone pipeline.Set) {
	b := d.session.Begin()
	b = d.appendMeters(b, put.Meters)
	for i := range gone.Flows {
		b = gone.Flows[i].Delete().Append(b, 0)
	}
	for i := range put.Flows {
		b = put.Flows[i].Add(d.round).Append(b, 0)
	}
	for _, m := range gone.Meters {
		b = m.Append(b, 0, openflow.MeterDelete)
		delete(d.meters, m.ID)
	}
	d.grant()
	d.session.End(b)
}

// grant lets the switch send up as much as its meters do; a connection that
// nobody checks, which is there to measure, as much as it likes.
func (d *datapath) grant() {
	if !d.unchecked {
		d.allowance.grant(d.meters)
	}
}

// appendMeters adds meters, or changes those that the switch has otherwise.
func (d *datapath) appendMeters(b []byte, meters []pipeline.Meter) []byte {
	for _, m := range meters {
		switch have, there := d.meters[m.ID]; {
		case !there:
			b = m.Append(b, 0, openflow.MeterAdd)
		case have != m:
			b = m.Append(b, 0, openflow.MeterModify)
		}
		d.meters[m.ID] = m
	}
	return b
}
