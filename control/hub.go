// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// Hub holds the sessions of all switches and the View they decide on. Its
// methods may be called concurrently.
type Hub struct {
	cfg      Config
	view     atomic.Pointer[view.View]
	index    *index
	watchers watchers
	apart    apart
	outsides outsides
	counters Counters
	stencil  *pipeline.Stencil
	dumps    *dumps[plugged]
	uses     *dumps[[]linkspan.ChassisID] // of 0; what was missing
	probes   probes
	turns    turns
	memos    memos
	changed  changed // of whom routes are to be revised
	revising asks
	telling  asks          // what they count, or which routes they hold
	tally    *tally        // what policies decide about
	told     told          // of what comes up packet by packet
	logged   bucket        // of what policies want written down
	accepted atomic.Uint64 // numbers the connections

	update    sync.Mutex // orders Views and what follows from them
	datapaths datapaths
	starting  sync.Map // linkspan.ChassisID to the *datapath whose switch says what it holds
}

// New returns a Hub with an empty View and no session. It holds nothing that
// must be closed; sessions end with the contexts given to Accept.
func New(cfg Config) *Hub {
	if cfg.Generation == nil {
		cfg.Generation = func() uint64 { return 1 }
	}
	if cfg.Peers == nil {
		cfg.Peers = alwaysReady{}
	}
	if cfg.Event == nil {
		cfg.Event = func(linkspan.Event) {}
	}
	cfg.Session.Log = cfg.Log
	h := &Hub{cfg: cfg, index: newIndex(), stencil: pipeline.NewStencil(), dumps: newDumps[plugged](), uses: newDumps[[]linkspan.ChassisID](), turns: newTurns(), changed: newChanged(), revising: newAsks(), telling: newAsks(), tally: newTally()}
	if cfg.Decide == nil {
		h.cfg.Decide = h.decide
	}
	if cfg.Judge == nil {
		h.cfg.Judge = h.judge
	}
	h.view.Store(new(view.View))
	h.memos.begin()
	return h
}

// View returns the current View.
func (h *Hub) View() *view.View { return h.view.Load() }

// datapath returns the session's state of a chassis, or nil when it is away.
func (h *Hub) datapath(id linkspan.ChassisID) *datapath { return h.datapaths.get(id) }

// enter makes d the datapath of its chassis and ends the one before. Of two
// connections the later one stays, also when its handshake was done earlier.
// The caller holds update.
func (h *Hub) enter(d *datapath) error {
	again := &linkspan.Error{Code: linkspan.Conflict, Message: "the switch connected again"}
	if old := h.datapath(d.id); old != nil {
		if old.number > d.number {
			return again
		}
		old.session.Fail(again)
	}
	h.datapaths.put(d.id, d)
	h.starting.CompareAndDelete(d.id, d)
	return nil
}

// leave removes d, unless another one took its place.
func (h *Hub) leave(d *datapath) {
	h.starting.CompareAndDelete(d.id, d)
	h.update.Lock()
	defer h.update.Unlock()
	if h.datapath(d.id) == d {
		h.datapaths.put(d.id, nil)
	}
}

// Info says how a chassis is connected.
type Info struct {
	Since  time.Time
	Remote string
	Ready  bool // its flows are in place
}

// Connected returns how a chassis is connected; ok is false when it is not.
func (h *Hub) Connected(id linkspan.ChassisID) (info Info, ok bool) {
	d := h.datapath(id)
	if d == nil {
		if d = h.start(id); d == nil {
			return Info{}, false
		}
	}
	return Info{d.since, d.remote, d.ready.Load()}, true
}

// start returns the session of a chassis that has not entered yet, or nil.
func (h *Hub) start(id linkspan.ChassisID) *datapath {
	d, _ := h.starting.Load(id)
	s, _ := d.(*datapath)
	return s
}

// Disconnect ends the session of a chassis, for the given reason. It says
// whether there was one; it does not wait for its end.
func (h *Hub) Disconnect(id linkspan.ChassisID, reason string) (was bool) {
	for _, d := range []*datapath{h.datapath(id), h.start(id)} {
		if d != nil {
			d.session.Fail(&linkspan.Error{Code: linkspan.Permission, Message: reason})
			was = true
		}
	}
	return was
}

// Counters returns what the Hub counts, for reading.
func (h *Hub) Counters() *Counters { return &h.counters }

// event reports something about a chassis.
func (h *Hub) event(kind linkspan.EventKind, id linkspan.ChassisID, message string) {
	name := id.DPID().String()
	if c := h.View().Chassis(id); c != nil {
		name = c.Name
	}
	h.cfg.Event(linkspan.Event{Time: time.Now(), Kind: kind, Subject: name, Chassis: name, Message: message})
}
