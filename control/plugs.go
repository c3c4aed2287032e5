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
// of the packet.
type pair struct{ from, to view.Key }

func pairOf(d *decide.Decision) pair {
	return pair{view.KeyOf(d.Source), view.KeyOf(d.Destination)}
}

// plug is a route between two chassis that is being plugged for packets of
// one of them, which wait in it.
type plug struct {
	home     *datapath // where the packets came up
	pair     pair
	decision decide.Decision
	view     *view.View // that it was made on
	stage    atomic.Int32
	timer    *time.Timer
	begun    time.Time

	frames []waiting // under home.plugs
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
	g = &plug{home: d, pair: key, decision: *dec, view: v, begun: time.Now()}
	g.frames = []waiting{{*p, bytes.Clone(frame)}}
	if d.plugs.by == nil {
		d.plugs.by = make(map[pair]*plug)
	}
	d.plugs.by[key] = g
	d.hub.counters.Pending.Add(1)
	return g
}

// close ends the plug and returns its packets; later ones start another. It
// returns nil when it was closed before.
func (g *plug) close() []waiting {
	d := g.home
	d.plugs.mu.Lock()
	defer d.plugs.mu.Unlock()
	if d.plugs.by[g.pair] != g {
		return nil
	}
	delete(d.plugs.by, g.pair)
	d.hub.counters.Pending.Add(-1)
	if g.timer != nil {
		g.timer.Stop()
	}
	return g.frames
}
