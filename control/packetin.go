// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// attempts is how often a packet is decided anew because its records changed.
const attempts = 4

// PacketIn decides about a packet and appends the answer.
func (d *datapath) PacketIn(m openflow.Message) {
	count := &d.hub.counters
	count.PacketIns.Add(1)
	if !d.ready.Load() {
		count.Early.Add(1)
		return
	}
	if !d.allowance.take() {
		count.Excess.Add(1)
		return
	}
	if !d.read(m) {
		count.Malformed.Add(1)
		return
	}
	if d.hub.probes.any() && d.probed() {
		return
	}
	if d.unplaced { // sent to connection tracking once more it would only come up again
		count.Ignored.Add(1)
		return
	}
	if d.packet.Entered() && !d.packet.Later && d.parsed.IsICMPError() {
		d.relate()
		return
	}
	d.process(&d.packet, d.in.Data, &d.decision)
}

// read takes from a message what decisions read.
func (d *datapath) read(m openflow.Message) bool {
	if d.in.Decode(m) != nil || !pipeline.Origin(d.in.Match, &d.packet) {
		return false
	}
	// A frame with a bad transport header still has its addresses.
	_ = packet.Parse(d.in.Data, &d.parsed)
	if !d.parsed.IsIPv4() && !d.parsed.IsIPv6() {
		return false
	}
	// From a datapath that does segmentation offload, checksums come unfinished,
	// and a PacketOut has nobody behind it who would finish them.
	d.parsed.Finish()
	d.packet.Chassis = d.id
	d.packet.Source, d.packet.Destination = d.parsed.Src(), d.parsed.Dst()
	d.packet.TTL, d.packet.Probe = d.parsed.TTL(), 0
	return d.connection()
}

// process decides about a packet of this chassis until the decision holds.
// scratch is overwritten.
func (d *datapath) process(p *decide.Packet, frame []byte, scratch *decide.Decision) {
	for range attempts {
		v := d.hub.view.Load()
		d.hub.cfg.Decide(v, p, scratch)
		if d.act(v, p, scratch, frame) {
			return
		}
		d.hub.counters.Again.Add(1)
	}
	d.hub.counters.Dropped.Add(1)
}

// act does what was decided. It returns false when the decision fell meanwhile.
func (d *datapath) act(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	if p.Probe != 0 && !d.hub.probes.decided(d.id, p, dec) {
		return true
	}
	if dec.Outside.IsValid() {
		d.hub.outsides.note(dec.Outside, d.id)
	}
	if dec.Tracked {
		return d.actTracked(v, p, dec, frame)
	}
	switch dec.Verdict {
	case decide.Allow:
		if dec.Local() {
			return d.plugLocal(v, p, dec, frame)
		}
		return d.plugRemote(v, p, dec, frame)
	case decide.Deny:
		return d.refuse(v, p, dec, frame)
	case decide.Expire:
		d.expire(p, dec, frame)
		return true
	default:
		d.hub.counters.Ignored.Add(1)
		d.tellHeld(p, dec)
		return true
	}
}

// plugLocal plugs a route between two endpoints of this chassis and delivers
// the packet.
func (d *datapath) plugLocal(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	across := dec.Source.Network != dec.Destination.Network
	if across {
		d.hub.index.route(dec.Source, dec.Destination)
	}
	b := d.session.Begin()
	if !d.hub.holds(v, dec) {
		d.session.EndQuietly(b)
		return false
	}
	if across { // once more: a flush between the first time and the lock forgot it
		d.hub.index.route(dec.Source, dec.Destination)
	}
	leg := pipeline.LegOf(dec, d.id)
	b = d.hub.stencil.AppendRoute(b, 0, d.round, leg)
	b = d.appendOnward(b, &leg, dec, p, frame)
	d.session.EndQuietly(b)
	d.hub.counters.Allowed.Add(1)
	d.hub.counters.PlugsLocal.Add(1)
	d.counted(dec, frame, false)
	d.hub.tellPlugged(d.id, dec, p.Connection)
	return true
}

// tellHeld tells who watches of a packet that is dropped without a flow, as it is not
// known yet of which container it is.
func (d *datapath) tellHeld(p *decide.Packet, dec *decide.Decision) {
	held := dec.Reason == decide.LabelsUnknown || dec.Reason == decide.NameUnknown
	if held && d.hub.watchers.some.Load() && d.hub.told.first(d.id, dec) {
		d.hub.watchers.denied(p, dec, dec.Reason)
	}
}

// deny drops what is like the packet for a while; this packet only, when the
// index takes no more denials of the chassis.
func (d *datapath) deny(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	at := place{d.id, p.Network}
	noted := d.hub.index.denial(dec.Reads(), at)
	b := d.session.Begin()
	if !d.hub.holds(v, dec) {
		d.session.EndQuietly(b)
		return false
	}
	// Once more: a flush between the first time and the lock forgot it.
	if noted && d.hub.index.denial(dec.Reads(), at) {
		b = appendDeny(b, d.round, p, dec)
		d.hub.counters.Denied.Add(1)
	} else {
		d.hub.counters.Crowded.Add(1)
	}
	d.session.EndQuietly(b)
	d.counted(dec, frame, false)
	d.hub.watchers.denied(p, dec, dec.Reason)
	switch dec.Reason {
	case decide.SitesApart:
		d.hub.refusedBetween(v, dec)
	case decide.NoPath: // only peers look for one
		d.hub.needPeers(dec.Source.Chassis, dec.Destination.Chassis)
	}
	return true
}
