// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// settling is how long a switch may take to say what it holds, and again to
// install its static flows.
const settling = 30 * time.Second

// held is what a switch held when it connected.
type held struct {
	rounds map[pipeline.Round]bool // of static flows
	used   map[pipeline.Round]bool // of any flow of ours
	routes []openflow.FlowStats
	meters []openflow.MeterConfig
	tracks bool                          // any route is of a tracked pair
	guards map[uint64]bool               // the objects of endpoints' static flows
	sums   map[linkspan.PolicyID]traffic // of what counts for policies
}

// reconcile brings the switch from what it holds to what the View says, and
// opens it for decisions. Running routes that are still right are not touched;
// at no moment is a static flow missing that was there before and is to stay.
func (d *datapath) reconcile(ctx context.Context) error {
	d.ending.begin()
	defer d.ending.end()
	have, err := d.dump(ctx)
	if err != nil {
		return err
	}
	done, err := d.revise(have)
	if err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	if err := d.refused.error(); err != nil {
		return err
	}
	d.ready.Store(true)
	d.hub.event(linkspan.SwitchConnected, d.id, "connected from "+d.remote)
	return nil
}

// revise appends all that leads from what the switch holds to what it is to
// hold. From then on it follows the changes of the View. The channel gets the
// outcome.
func (d *datapath) revise(have *held) (<-chan error, error) {
	done := make(chan error, 1)
	h := d.hub
	round, err := nextRound(have.used)
	if err != nil {
		return nil, err
	}
	d.round = round
	v, rulings := d.lockRuled(have.routes)
	defer h.update.Unlock()
	d.meters = make(map[uint32]pipeline.Meter)
	if err := h.enter(d); err != nil {
		return nil, err
	}
	h.tally.begin(d.id, d.number, have.sums)
	var fallen []pipeline.Standing
	d.session.Barrier(settling, func(b []byte) ([]byte, bool) {
		set := pipeline.Static(v, d.id)
		b = d.reviseMeters(b, set.Meters, have.meters)
		b = appendBundle(b, d.session.XID(), set.Flows, d.round)
		for r := range have.rounds {
			b = pipeline.AppendExpel(b, 0, r)
		}
		b = pipeline.AppendForget(b, 0)
		d.tracks.Store(have.tracks || v.CountPolicies() > 0) // flows may have idled out, what is known stays longer
		b, fallen = d.reviseRoutes(b, v, rulings)
		b = d.emptyZones(b, have.guards, set.Flows)
		b = d.expelMeters(b, set.Meters, have.meters)
		d.grant()
		return b, true
	}, func(err error) { done <- err })
	d.session.Wake()
	d.forgetAgain(fallen)
	return done, nil
}

// dump asks what the switch holds of ours.
func (d *datapath) dump(ctx context.Context) (*held, error) {
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	have := &held{
		rounds: make(map[pipeline.Round]bool), used: make(map[pipeline.Round]bool), guards: make(map[uint64]bool),
		sums: make(map[linkspan.PolicyID]traffic),
	}
	d.probeFlush()
	all := openflow.FlowRequest{TableID: openflow.TableAll}
	if err := d.session.Dump(ctx, &all, bounded(have.flows)); err != nil {
		return nil, err
	}
	meters := openflow.MeterRequest{MeterID: openflow.MeterAll, Config: true}
	return have, d.session.Dump(ctx, &meters, bounded(have.config))
}

// maxDump is how many bytes a switch may send as an answer: half a million
// flows.
const maxDump = 128 << 20

// bounded gives the parts of an answer to each, up to maxDump.
func bounded(each func([]byte) error) func([]byte) error {
	size := 0
	return func(body []byte) error {
		if size += len(body); size > maxDump {
			return &linkspan.Error{
				Code: linkspan.Exhausted, Message: "the switch says that it holds more flows than can be looked through",
				Hint: "see what fills the bridge with: ovs-ofctl -O OpenFlow13 dump-flows br-link",
			}
		}
		return each(body)
	}
}

// flows sorts dumped flows; what is kept is copied.
func (have *held) flows(body []byte) (err error) {
	var f openflow.FlowStats
	for len(body) > 0 {
		if body, err = f.Next(body); err != nil {
			return err
		}
		c := pipeline.Cookie(f.Cookie)
		addFlow(have.sums, &f)
		switch kind := c.Kind(); {
		case kind.Plugged():
			f.Match, f.Instructions = bytes.Clone(f.Match), bytes.Clone(f.Instructions)
			have.routes = append(have.routes, f)
			have.used[c.Round()] = true
			have.tracks = have.tracks || kind != pipeline.KindRoute
		case kind == pipeline.KindDeny:
			have.used[c.Round()] = true
		case kind.Static():
			have.rounds[c.Round()], have.used[c.Round()] = true, true
			if kind == pipeline.KindEndpoint {
				have.guards[c.Object()] = true
			}
		}
	}
	return nil
}

func (have *held) config(body []byte) (err error) {
	for len(body) > 0 {
		var m openflow.MeterConfig
		if body, err = m.Next(body); err != nil {
			return err
		}
		have.meters = append(have.meters, m)
	}
	return nil
}

// needPeers sees to it that two chassis are peers, which need not share a network: a
// route between them runs, or lacks a direct path, which peers alone look for.
func (h *Hub) needPeers(a, b linkspan.ChassisID) {
	if ready, forget := h.cfg.Peers.Await(a, b, func() {}); !ready {
		forget()
	}
}

// maxRounds is how many rounds the flows of a switch may be of: each session
// leaves one, and the routes of older ones go when they idle.
const maxRounds = 1 << 15

// nextRound returns a round that no flow has, after the greatest where that
// is possible.
func nextRound(used map[pipeline.Round]bool) (pipeline.Round, error) {
	if len(used) > maxRounds {
		return 0, &linkspan.Error{Code: linkspan.Invalid, Message: "the switch says that it holds flows of more rounds than there can be"}
	}
	var next pipeline.Round
	if len(used) > 0 {
		next = slices.Max(slices.Collect(maps.Keys(used)))
	}
	for next++; used[next] || next == 0; next++ {
	}
	return next, nil
}

// reviseMeters adds what is missing and changes what is otherwise. Meters come
// first: flows refer to them, and bundles do not take them.
func (d *datapath) reviseMeters(b []byte, want []pipeline.Meter, have []openflow.MeterConfig) []byte {
	for i := range have {
		m, ok := pipeline.MeterOf(&have[i])
		if !ok {
			m = pipeline.Meter{ID: have[i].MeterID} // to be changed
		}
		d.meters[m.ID] = m
	}
	return d.appendMeters(b, want)
}

// expelMeters deletes the meters of ours that nothing uses any more.
func (d *datapath) expelMeters(b []byte, want []pipeline.Meter, have []openflow.MeterConfig) []byte {
	wanted := make(map[uint32]bool, len(want))
	for _, m := range want {
		wanted[m.ID] = true
	}
	for i := range have {
		if id := have[i].MeterID; pipeline.Ours(id) && !wanted[id] {
			b = d.meters[id].Append(b, 0, openflow.MeterDelete)
			delete(d.meters, id)
		}
	}
	return b
}

// appendBundle installs flows all at once.
func appendBundle(b []byte, xid uint32, flows []pipeline.Flow, r pipeline.Round) []byte {
	const id, flags = 1, openflow.BundleAtomic | openflow.BundleOrdered
	control := openflow.BundleControl{BundleID: id, Command: openflow.BundleOpen, Flags: flags}
	b = control.Append(b, xid)
	for i := range flows {
		b = openflow.AppendBundleAdd(b, xid, id, flags, flows[i].Add(r))
	}
	control.Command = openflow.BundleCommit
	return control.Append(b, xid)
}

// reviseRoutes deletes the routes that v would not plug just so, and notes the others in
// the index. It returns what fell, where the switch can be told to forget connections.
func (d *datapath) reviseRoutes(b []byte, v *view.View, rulings []ruling) (_ []byte, fallen []pipeline.Standing) {
	fell := make(map[pipeline.Standing]bool)
	for i := range rulings {
		r := &rulings[i]
		if b = d.appendRuling(b, r, true); r.turns {
			d.lately.add([]pipeline.Standing{r.standing})
		}
		if r.stays {
			d.notice(v, r.flow)
		} else if r.falls && !fell[r.standing] {
			fell[r.standing] = true
			fallen = append(fallen, r.standing)
		}
	}
	d.lately.add(fallen)
	if !d.flushes.Load() {
		return b, nil
	}
	return appendFlush(b, v, fallen), fallen
}

// notice notes a flow of a route that stays.
func (d *datapath) notice(v *view.View, f *openflow.FlowStats) {
	p, _ := pipeline.Recognize(f.TableID, f.Priority, f.Match)
	from, to := p.Ends(v)
	if p.Outside.IsValid() {
		d.hub.outsides.note(p.Outside, d.id)
	}
	if p.Between || from.Network != to.Network {
		d.hub.index.route(v.Endpoint(from), v.Endpoint(to))
	}
	if p.Between && from.Network != to.Network {
		d.hub.needPeers(v.Endpoint(from).Chassis, v.Endpoint(to).Chassis)
	}
}
