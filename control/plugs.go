// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// What may wait on one datapath: plugs, and packets of one plug.
const (
	maxPlugs  = 1024
	maxFrames = 16
)

// pair is what plugs under way are told apart by: both ends, in the direction
// of the packet, and of tracked pairs what class of connections is plugged.
type pair struct {
	from, to view.Key
	tracked  bool
	class    decide.Class
	reply    bool
}

func pairOf(d *decide.Decision) pair {
	return pair{view.KeyOf(d.Source), view.KeyOf(d.Destination), d.Tracked, d.Class, d.Reply}
}

// plug is a route between two chassis that is being plugged for packets of
// one of them, which wait in it.
type plug struct {
	home     *datapath // where the packets came up
	pair     pair
	decision decide.Decision
	view     *view.View // that it was made on
	stage    atomic.Int32
	begun    time.Time
	asked    decide.Connection // of its first packet
	probes   bool              // the first packet is a probe's

	// Under home.plugs; all nil once the plug is closed.
	frames []waiting
	timer  *time.Timer
	forget func() // ends the waiting for the tunnel
}

// waiting is a packet that waits.
type waiting struct {
	packet decide.Packet
	frame  []byte
}

// plugs are the plugs under way of a datapath.
type plugs struct {
	mu sync.Mutex
	by map[pair]*plug
}

// join adds a packet to the plug of its pair, or starts one; then the plug is
// returned, and the caller sees it through. The frame is copied.
func (d *datapath) join(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) *plug {
	key := pairOf(dec)
	d.plugs.mu.Lock()
	defer d.plugs.mu.Unlock()
	g, underway := d.plugs.by[key]
	switch {
	case underway && len(g.frames) >= maxFrames, !underway && len(d.plugs.by) >= maxPlugs:
		d.hub.counters.Dropped.Add(1)
		return nil
	case underway:
		g.frames = append(g.frames, waiting{*p, bytes.Clone(frame)})
		d.hub.counters.Joined.Add(1)
		return nil
	}
	g = &plug{home: d, pair: key, decision: *dec, view: v, begun: time.Now(), asked: p.Connection, probes: p.Probe != 0}
	g.frames = []waiting{{*p, bytes.Clone(frame)}}
	if d.plugs.by == nil {
		d.plugs.by = make(map[pair]*plug)
	}
	d.plugs.by[key] = g
	d.hub.counters.Pending.Add(1)
	return g
}

// wait gives the tunnel its time; forget ends the waiting for it.
func (g *plug) wait(forget func()) {
	d := g.home
	d.plugs.mu.Lock()
	closed := d.plugs.by[g.pair] != g
	if !closed {
		g.timer, g.forget = time.AfterFunc(patience, g.tunnelLate), forget
	}
	d.plugs.mu.Unlock()
	if closed {
		forget()
	}
}

// close ends the plug and returns its packets; later ones start another. It
// returns nil when it was closed before. Others may still hold the plug, so
// it lets go of all that it holds.
func (g *plug) close() []waiting {
	frames, forget := g.take()
	if forget != nil {
		forget()
	}
	return frames
}

func (g *plug) take() (frames []waiting, forget func()) {
	d := g.home
	d.plugs.mu.Lock()
	defer d.plugs.mu.Unlock()
	if d.plugs.by[g.pair] != g {
		return nil, nil
	}
	delete(d.plugs.by, g.pair)
	d.hub.counters.Pending.Add(-1)
	if g.timer != nil {
		g.timer.Stop()
	}
	frames, forget = g.frames, g.forget
	g.frames, g.timer, g.forget = nil, nil, nil
	return frames, forget
}
