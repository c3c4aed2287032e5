// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// connection notes of which connection the packet is that was read: what the switch
// says, else what the packet itself says. It returns false for a packet that the
// switch could not place, as no flow would take it.
func (d *datapath) connection() bool {
	c := &d.packet.Connection
	placed, err := pipeline.Connection(d.in.Match, c)
	d.unplaced = !placed && pipeline.Inspected(d.in.TableID)
	if !placed {
		icmp, _ := d.parsed.ICMPType()
		*c = decide.Connection{
			Protocol: d.parsed.Proto(), SourcePort: d.parsed.SrcPort(), DestinationPort: d.parsed.DstPort(),
			ICMPType: icmp,
		}
	}
	c.Later = d.parsed.IsLaterFragment()
	c.Flags = d.parsed.TCPFlags()
	c.Resumes = c.Protocol == decide.ProtocolTCP && !c.Later && c.Flags&decide.FlagSYN == 0
	return err == nil
}

// actTracked does what was decided about a packet of a tracked pair. It returns
// false when the decision fell meanwhile.
func (d *datapath) actTracked(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	allowed := dec.Verdict == decide.Allow
	switch {
	case p.Protocol == 0: // which in a class is any, and in no packet is proper
		d.hub.counters.Ignored.Add(1)
		return true
	case p.Tracked && p.Later:
		return d.passLater(v, dec, p, frame)
	case !p.Tracked && (!allowed || p.Later || p.Resumes):
		return d.inspect(v, dec, p, frame)
	case p.Stray():
		return d.stray(v, p, dec, frame)
	case !allowed:
		return d.refuse(v, p, dec, frame)
	}
	return d.plug(v, p, dec, frame)
}

// plug plugs the class that was decided about, where it is needed, and sends the packet on
// its way.
func (d *datapath) plug(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	if dec.Local() {
		return d.plugClass(v, p, dec, frame)
	}
	return d.plugRemote(v, p, dec, frame)
}

// inspect has connection tracking look at a packet, and at all to come between its
// ends: what a packet says of itself is not enough to deny it, as it may be a reply, nor
// to allow what goes on in a connection that it does not open.
// If nothing allows it then, it comes up once more.
func (d *datapath) inspect(v *view.View, dec *decide.Decision, p *decide.Packet, frame []byte) bool {
	d.notes(dec)
	b := d.session.Begin()
	if !d.hub.holds(v, dec) {
		d.session.EndQuietly(b)
		return false
	}
	d.notes(dec) // once more: a flush between the first time and the lock forgot it
	leg := pipeline.LegOf(dec, d.id)
	d.tracks.Store(true)
	b = pipeline.AppendTracked(b, 0, d.round, &leg)
	if !d.hub.probes.ended(p) {
		b = pipeline.AppendRetry(b, 0, &leg, p.Port, frame)
	}
	d.session.EndQuietly(b)
	d.hub.counters.Inspected.Add(1)
	return true
}

// passLater lets later fragments between two endpoints through on this chassis, of
// whatever class: connection tracking has seen the whole packet, and its first
// fragment is let through or not. This packet may be lost, as the datapath does not put
// together what the tables send to its tracking and what comes from here.
func (d *datapath) passLater(v *view.View, dec *decide.Decision, p *decide.Packet, frame []byte) bool {
	d.notes(dec)
	b := d.session.Begin()
	if !d.hub.holds(v, dec) {
		d.session.EndQuietly(b)
		return false
	}
	d.notes(dec) // once more, as in inspect
	leg := pipeline.LegOf(dec, d.id)
	b = pipeline.AppendLater(b, 0, d.round, &leg)
	b = pipeline.AppendPass(b, 0, &leg, p.Begins, p.Port, frame)
	d.session.EndQuietly(b)
	d.hub.counters.Allowed.Add(1)
	return true
}

// notes has the index know of a route between two chassis, or two networks.
func (d *datapath) notes(dec *decide.Decision) {
	if !dec.Local() || dec.Source.Network != dec.Destination.Network {
		d.hub.index.route(dec.Source, dec.Destination)
	}
}

// plugClass plugs a class of connections between two endpoints of this chassis,
// with all that makes the pair a tracked one, and sends the packet on its way.
func (d *datapath) plugClass(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	d.notes(dec)
	b := d.session.Begin()
	if !d.hub.holds(v, dec) {
		d.session.EndQuietly(b)
		return false
	}
	d.notes(dec) // once more, as in inspect
	leg := pipeline.LegOf(dec, d.id)
	b = d.appendRoute(b, dec)
	b = d.appendOnward(b, &leg, dec, p, frame)
	d.session.EndQuietly(b)
	d.hub.counters.Allowed.Add(1)
	d.hub.counters.PlugsLocal.Add(1)
	d.counted(dec, frame, !p.Tracked)
	d.hub.tellPlugged(d.id, dec, p.Connection)
	return true
}

// appendRoute appends what lets through what was decided about, on this chassis.
func (d *datapath) appendRoute(b []byte, dec *decide.Decision) []byte {
	leg := pipeline.LegOf(dec, d.id)
	if !dec.Tracked {
		return d.hub.stencil.AppendRoute(b, 0, d.round, leg)
	}
	d.tracks.Store(true)
	opening := pipeline.OpeningLegOf(dec, d.id)
	b = pipeline.AppendTracked(b, 0, d.round, &leg)
	b = pipeline.AppendClass(b, 0, d.round, &opening, dec.Class)
	if dec.Class.Protocol != decide.ProtocolTCP { // whose packets are hardly ever in fragments
		b = pipeline.AppendLater(b, 0, d.round, &leg)
	}
	d.hub.counters.Classes.Add(1)
	return b
}

// appendOnward appends what sends a packet on its way along a leg that is plugged.
// One of a tracked pair that connection tracking has not seen goes through it. That of
// a probe takes the flows, so that they are watched, and goes nowhere when that is over.
func (d *datapath) appendOnward(b []byte, leg *pipeline.Leg, dec *decide.Decision, p *decide.Packet, frame []byte) []byte {
	switch {
	case d.hub.probes.ended(p):
		return b
	case p.Probe != 0:
		return pipeline.AppendRetry(b, 0, leg, p.Port, frame)
	case !dec.Tracked:
		return pipeline.AppendDeliver(b, 0, leg, p.Port, frame)
	case !p.Tracked:
		return pipeline.AppendRetry(b, 0, leg, p.Port, frame)
	}
	return pipeline.AppendPass(b, 0, leg, p.Begins && !p.Reply, p.Port, frame)
}

// appendDeny appends what drops packets like p for a while.
func appendDeny(b []byte, r pipeline.Round, p *decide.Packet, dec *decide.Decision) []byte {
	if dec.Tracked {
		return pipeline.AppendDenyClass(b, 0, r, p, dec)
	}
	return pipeline.AppendDeny(b, 0, r, p, dec)
}
