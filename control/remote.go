// SPDX-License-Identifier: Apache-2.0

package control

import (
	"runtime"
	"slices"
	"time"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// patience is how long a plug waits for tunnels to become ready.
const patience = 2 * time.Second

// The stages of a plug that waits for its tunnel: either the tunnel becomes
// ready, or it is given up.
const (
	stageWaiting = iota
	stageGoing
)

// plugRemote plugs a route between two chassis, in one of two orders. If the
// destination's chassis has confirmed all that it was told, it gets its flows and
// the packet at once, and then the source's chassis gets its flows. If not, it is
// busy: the flows of the source's chassis are sent when it has confirmed its own,
// and the packets after those, so that none arrives where nothing is ready for it
// and comes up there, too. A packet that comes out of the tunnel proves that its
// source's chassis has its flows; then only this chassis's are plugged.
func (d *datapath) plugRemote(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	far := d.hub.datapath(dec.Destination.Chassis)
	if !p.Arrived() && (far == nil || !far.ready.Load()) {
		d.hub.counters.Away.Add(1)
		d.hub.watchers.denied(p, dec, decide.ChassisAway)
		return true
	}
	d.hub.counters.Allowed.Add(1)
	g := d.join(v, p, dec, frame)
	if g == nil {
		return true
	}
	ready, forget := d.hub.cfg.Peers.Await(dec.Source.Chassis, dec.Destination.Chassis, g.tunnelReady)
	if ready {
		g.proceed()
		return true
	}
	g.wait(forget)
	return true
}

// tunnelReady goes on, unless the plug was given up.
func (g *plug) tunnelReady() {
	if g.stage.CompareAndSwap(stageWaiting, stageGoing) {
		g.proceed()
		g.home.session.Wake()
	}
}

// tunnelLate gives the plug up.
func (g *plug) tunnelLate() {
	if g.stage.CompareAndSwap(stageWaiting, stageGoing) {
		g.giveUp(decide.PeersLate)
	}
}

// giveUp drops the packets.
func (g *plug) giveUp(reason decide.Reason) {
	frames := g.close()
	if frames == nil {
		return
	}
	g.home.hub.counters.Late.Add(1)
	g.home.hub.watchers.denied(&frames[0].packet, &g.decision, reason)
}

// proceed plugs the far side first, where there is one to plug.
func (g *plug) proceed() {
	dec := &g.decision
	if dec.Destination.Chassis == g.home.id {
		g.finish()
		return
	}
	far := g.home.hub.datapath(dec.Destination.Chassis)
	if far == nil || !far.ready.Load() {
		g.giveUp(decide.ChassisAway)
		return
	}
	plug := g.reach
	if far.settled() && !dec.Tracked && !g.probes { // a tracked pair's packets must pass the tracking of both, a probe's the wire
		plug = g.carry
	}
	if !plug(far) {
		g.again()
	}
}

// carry plugs both sides, and has the far one take the packets as if they had
// come across. It returns false when the decision fell before.
func (g *plug) carry(far *datapath) bool {
	hub, dec := g.home.hub, &g.decision
	hub.index.route(dec.Source, dec.Destination)
	leg := pipeline.LegOf(dec, g.home.id)
	b := far.session.Begin()
	if !hub.holds(g.view, dec) {
		far.session.EndQuietly(b)
		return false
	}
	// Once more: a flush between the first time and the lock forgot it.
	hub.index.route(dec.Source, dec.Destination)
	b = far.appendRoute(b, dec)
	frames := g.close()
	for _, w := range frames {
		if w.packet.Probe == 0 {
			b = pipeline.AppendCarry(b, 0, &leg, w.frame)
			g.home.counted(dec, w.frame, false)
		}
	}
	frames = slices.DeleteFunc(frames, func(w waiting) bool { return w.packet.Probe == 0 })
	far.session.EndQuietly(b)
	far.session.Wake()
	runtime.Gosched() // its writer goes first; whether the far side reads is not waited for
	far.owes()
	g.plugHome(func() ([]waiting, bool) { return frames, true })
	return true
}

// reach plugs the far side. It returns false when the decision fell before.
func (g *plug) reach(far *datapath) bool {
	hub, dec := g.home.hub, &g.decision
	hub.index.route(dec.Source, dec.Destination)
	sent := far.session.Barrier(0, func(b []byte) ([]byte, bool) {
		if !hub.holds(g.view, dec) {
			return b, false
		}
		// Once more: a flush between the first time and the lock forgot it.
		hub.index.route(dec.Source, dec.Destination)
		return far.appendRoute(b, dec), true
	}, g.farDone)
	far.session.Wake()
	return sent
}

// farDone goes on when the far side has its flows.
func (g *plug) farDone(err error) {
	if err != nil {
		g.giveUp(decide.ChassisAway)
		return
	}
	g.finish()
	g.home.session.Wake()
}

// finish plugs the home side and sends the packets on their way.
func (g *plug) finish() {
	packets := func() ([]waiting, bool) {
		frames := g.close()
		return frames, frames != nil
	}
	if !g.plugHome(packets) {
		g.again()
	}
}

// plugHome plugs the home side and sends the packets on their way, unless there
// is no need any more. It returns false when the decision fell before.
func (g *plug) plugHome(packets func() (frames []waiting, needed bool)) bool {
	d, dec := g.home, &g.decision
	d.hub.index.route(dec.Source, dec.Destination)
	b := d.session.Begin()
	if !d.hub.holds(g.view, dec) {
		d.session.EndQuietly(b)
		return false
	}
	frames, needed := packets()
	if !needed { // given up meanwhile
		d.session.EndQuietly(b)
		return true
	}
	d.hub.index.route(dec.Source, dec.Destination)
	leg := pipeline.LegOf(dec, d.id)
	b = d.appendRoute(b, dec)
	for _, w := range frames {
		b = d.appendOnward(b, &leg, dec, &w.packet, w.frame)
		d.counted(dec, w.frame, dec.Tracked && !w.packet.Tracked)
	}
	d.session.EndQuietly(b)
	d.hub.counters.PlugsRemote.Add(1)
	d.hub.counters.RemoteTime.observe(time.Since(g.begun))
	d.hub.tellPlugged(d.id, dec, g.asked)
	return true
}

// again decides anew about the packets: a record that the decision read has
// changed.
func (g *plug) again() {
	d := g.home
	var scratch decide.Decision
	frames := g.close()
	for _, w := range frames {
		d.hub.counters.Again.Add(1)
		d.process(&w.packet, w.frame, &scratch)
	}
	d.session.Wake()
}
