// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
)

// What is waited for: between two signs of a probe's packet, and while a route is
// plugged for it, which may wait for a tunnel. All of it is less than the flows stay.
const (
	probeQuiet  = 700 * time.Millisecond
	probePlug   = patience + probeQuiet
	probeLimit  = pipeline.ProbeSeconds*time.Second - probeSettle
	probeGrace  = 50 * time.Millisecond // for what other switches have to say when the end is known
	probeRest   = time.Second
	maxProbes   = 8 // at once
	probeAsks   = 8 // how often one packet may come up
	probeSettle = 2 * time.Second
)

// Probe injects a packet at the source's port, as its container would send it, and
// tells what became of it at each switch: it passes the guard, comes up where there is
// no route, is decided about and takes the flows, but it is held back before the
// container that it is for. Routes that it plugs stay until they are idle. The flows
// that watch it are gone when Probe returns, or ProbeSeconds later whatever happens; one
// whose caller leaves when the packet is on its way is followed all the same.
func (h *Hub) Probe(ctx context.Context, q Probe) (*ProbeReport, error) {
	home, err := h.probeable(q.From.Chassis)
	if err != nil {
		return nil, err
	}
	watched := []*datapath{home}
	if q.To != nil && q.To.Chassis != home.id {
		far, err := h.probeable(q.To.Chassis)
		if err != nil { // the packet would not be held back there
			return nil, err
		}
		watched = []*datapath{far, home}
	}
	if !h.probes.enter(ctx) {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "too many probes are under way", Hint: "try again in a moment"}
	}
	defer h.probes.leave()
	asked := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
	defer cancel()
	p := h.probes.begin(q)
	defer h.probes.end(p)
	defer h.unwatch(p, watched)
	for _, d := range watched {
		if err := d.carriedOut(ctx, func(b []byte) []byte { return p.appendWatches(b, d.id) }); err != nil {
			return nil, err
		}
	}
	if asked.Err() != nil {
		return nil, context.Cause(asked)
	}
	p.send()
	if err := home.carriedOut(ctx, func(b []byte) []byte { return pipeline.AppendIn(b, 0, q.From.Port, p.frame) }); err != nil {
		return nil, err
	}
	p.follow(ctx)
	return p.report(), nil
}

// probeable returns the session of a chassis that is ready.
func (h *Hub) probeable(id linkspan.ChassisID) (*datapath, error) {
	d := h.datapath(id)
	if d != nil && d.ready.Load() {
		return d, nil
	}
	name := id.DPID().String()
	if c := h.View().Chassis(id); c != nil {
		name = c.Name
	}
	return nil, &linkspan.Error{
		Code: linkspan.Unavailable, Message: "switch " + name + " is away, so that no packet can be watched there",
		Hint: "linkspan switch ls shows which are connected",
	}
}

// unwatch deletes the flows of a probe, and has the connection forgotten that it
// opened, if one was tracked. It waits until the switches have done so, for a while.
// Its packet goes no further from then on, and what of it is between two switches arrives
// while it is still watched.
func (h *Hub) unwatch(p *probe, watched []*datapath) {
	ctx, cancel := context.WithTimeout(context.Background(), probeSettle)
	defer cancel()
	p.over.Store(true)
	if len(watched) > 1 && p.underWay() {
		home := watched[len(watched)-1]
		if home.carriedOut(ctx, func(b []byte) []byte { return b }) != nil {
			return // who knows when it sends what it was told to: the flows' hard timeouts delete them
		}
		p.ends(ctx, probeGrace)
	}
	for _, d := range watched {
		_ = d.carriedOut(ctx, func(b []byte) []byte { // else its hard timeout deletes them
			b = pipeline.AppendUnwatch(b, 0, p.id)
			if leg, ok := p.leg(h.View(), d.id); ok && p.tracked() && d.flushes.Load() {
				b = pipeline.AppendForgetProbe(b, 0, &leg, &p.mark, p.echo)
			}
			return b
		})
	}
}

// carriedOut appends what fill appends and waits until the switch has done it.
func (d *datapath) carriedOut(ctx context.Context, fill func([]byte) []byte) error {
	done := make(chan error, 1)
	d.session.Barrier(0, func(b []byte) ([]byte, bool) { return fill(b), true }, func(err error) { done <- err })
	d.session.Wake()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch does not answer", Err: ctx.Err()}
	}
}
