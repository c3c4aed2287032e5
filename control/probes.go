// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
)

// probes are those under way. With none, a packet that comes up costs one load more.
// The zero value is ready.
type probes struct {
	some  atomic.Int32
	mu    sync.Mutex
	by    map[uint64]*probe
	count uint64
	slots chan struct{}
}

func (x *probes) any() bool { return x.some.Load() > 0 }

// places are those that probes take.
func (x *probes) places() chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.slots == nil {
		x.slots = make(chan struct{}, maxProbes)
	}
	return x.slots
}

// enter takes a place, once there is one; false: there was none for a while.
func (x *probes) enter(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return enter(ctx, x.places())
}

func (x *probes) leave() { <-x.places() }

// begin numbers a probe and makes its packet.
func (x *probes) begin(q Probe) *probe {
	x.mu.Lock()
	defer x.mu.Unlock()
	id := rand.Uint64() >> 24 // 40 bits, of which no two under way are alike
	for x.by[id] != nil || id == 0 {
		id = rand.Uint64() >> 24
	}
	if x.count++; x.by == nil {
		x.by = make(map[uint64]*probe)
		x.count = rand.Uint64N(probeTTLs * probeCodePoints) // other controllers begin elsewhere
	}
	p := newProbe(id, x.count, q)
	x.by[id] = p
	x.some.Add(1)
	return p
}

// end forgets a probe a while later: the datapath's cache may hold back what looks like
// its packet for a moment after its flows have gone.
func (x *probes) end(p *probe) {
	time.AfterFunc(probeRest, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.by, p.id)
		x.some.Add(-1)
	})
}

// get returns the probe of a number, or nil.
func (x *probes) get(id uint64) *probe {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.by[id]
}

// of returns the probe whose packet a frame is, or nil.
func (x *probes) of(frame []byte) *probe {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.by {
		if p.made(frame) {
			return p
		}
	}
	return nil
}

// probed deals with what comes up for probes. It returns true when the packet is not to
// be decided about: a watch has sent it up, or it has come up too often.
func (d *datapath) probed() bool {
	frame := d.in.Data
	if id, table, ok := pipeline.Watched(&d.in); ok {
		p := d.hub.probes.get(id)
		switch {
		case p == nil:
		case p.made(frame):
			p.seen(d.id, table, frame)
		default:
			d.release(p, frame)
		}
		return true
	}
	p := d.hub.probes.of(frame)
	if p == nil {
		return false
	}
	pipeline.ProbeOrigin(d.in.Match, &d.packet)
	d.packet.Probe = p.id
	return !p.cameUp(d.id, d.in.TableID)
}

// release sends a packet on that a watch held back and that is a container's: it has
// ports that a probe has, too.
func (d *datapath) release(p *probe, frame []byte) {
	to := p.asked.To
	if to == nil || to.Chassis != d.id || linkspan.MAC(frame[:6]) != to.MAC {
		return // the tables have sent it on, or dropped it
	}
	d.session.EndQuietly(pipeline.AppendEmit(d.session.Begin(), 0, to.Out(), frame))
}

// decided tells a probe what was decided about its packet. It returns false when the
// packet is to go no further: the destination is another than was watched, or the probe
// is over.
func (x *probes) decided(on linkspan.ChassisID, p *decide.Packet, dec *decide.Decision) bool {
	one := x.get(p.Probe)
	return one != nil && !one.over.Load() && one.decided(on, p, dec)
}

// ended says whether a packet is that of a probe which is over: nothing watches it any
// more, and its destination would see it. Who holds the lock of a session and sees that it
// is not may send it there.
func (x *probes) ended(p *decide.Packet) bool {
	if p.Probe == 0 {
		return false
	}
	one := x.get(p.Probe)
	return one == nil || one.over.Load()
}
