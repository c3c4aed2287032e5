// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// PolicyUse is what a policy has decided about.
type PolicyUse struct {
	// Since is from when on it is counted: from the begin of this controller, or of the
	// policy.
	Since     time.Time
	Decisions uint64 // how often a packet came up of which it decided
	// Packets and Bytes are what was let through by it, replies included, or dropped: of
	// what switches count, that of which it alone decides.
	Packets, Bytes uint64
}

// tally counts for each policy what it decides about. Flows say for which policy they
// count (pipeline.CountsFor); what is kept here are sums for each policy, and for those
// that have flows on a chassis, so that nothing grows with pairs of hosts or with
// connections. What a flow counted is told when it goes, and what those count that are
// there when the switches are asked: sums are advanced then, by the difference to the
// last time. What a switch says may be wrong: of that difference no more is believed than
// there can be, and no switch takes back what others counted.
type tally struct {
	begun time.Time

	mu sync.RWMutex
	of map[linkspan.PolicyID]*count
	on map[linkspan.ChassisID]*heard
}

// count is what is counted for one policy.
type count struct {
	since     time.Time
	decisions atomic.Uint64
	// Of packets that were decided about and met no flow that counts.
	packets, bytes atomic.Int64

	flows traffic // of flows; for a moment more than there was, as a flow may be counted that is told of as gone, too
	shown traffic // the most that was said, which is never taken back
}

// heard is what one chassis has told.
type heard struct {
	session uint64 // of which the last was
	at      time.Time
	last    map[linkspan.PolicyID]traffic
	added   map[linkspan.PolicyID]traffic // to the sums in this session, of those in last

	mu   sync.Mutex                    // taken after the tally's
	gone map[linkspan.PolicyID]traffic // of flows that went since
}

func newTally() *tally {
	return &tally{
		begun: time.Now(), of: make(map[linkspan.PolicyID]*count), on: make(map[linkspan.ChassisID]*heard),
	}
}

// follow begins to count for new policies, and forgets those and chassis that are no
// more. A policy that changed goes on.
func (t *tally) follow(d *view.Delta) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range d.Policies {
		switch id := c.Any().ID; {
		case c.New == nil:
			delete(t.of, id)
		case t.of[id] == nil:
			t.of[id] = &count{since: time.Now()}
		}
	}
	for _, c := range d.Chassis {
		if c.New == nil {
			delete(t.on, c.Old.ID)
		}
	}
}

// decided counts a packet of which a policy decided; bytes is its length where no flow
// counts it, else 0.
func (t *tally) decided(p *linkspan.Policy, bytes int) {
	if p == nil {
		return
	}
	t.mu.RLock()
	c := t.of[p.ID]
	t.mu.RUnlock()
	if c == nil {
		return
	}
	c.decisions.Add(1)
	if bytes > 0 {
		c.packets.Add(1)
		c.bytes.Add(int64(bytes))
	}
}

// removed notes what a flow has counted that went.
func (t *tally) removed(id linkspan.ChassisID, p linkspan.PolicyID, counted traffic) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h := t.on[id]
	if h == nil || t.of[p] == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone == nil {
		h.gone = make(map[linkspan.PolicyID]traffic)
	}
	h.gone[p] = h.gone[p].plus(counted)
}

// begin takes what the flows of a switch count that has connected. Of one that is heard
// for the first time it is what came before, and not counted. Else flows may have gone
// that were not told of: a policy that has less than before has none of it.
func (t *tally) begin(id linkspan.ChassisID, session uint64, sums map[linkspan.PolicyID]traffic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.on[id]
	if h != nil && h.session > session {
		return
	}
	if h != nil {
		t.advance(h, sums, false)
	}
	t.on[id] = &heard{session: session, at: time.Now(), last: sums}
}

// take takes what the flows of a switch count, in the session that is its last.
func (t *tally) take(id linkspan.ChassisID, session uint64, sums map[linkspan.PolicyID]traffic) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.on[id]
	if h == nil || h.session != session {
		return
	}
	t.advance(h, sums, true)
}

// advance adds what was counted since the last time. less says that what was added in
// this session may be taken back.
func (t *tally) advance(h *heard, sums map[linkspan.PolicyID]traffic, less bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	some := make(map[linkspan.PolicyID]bool, len(sums))
	for _, m := range [...]map[linkspan.PolicyID]traffic{sums, h.gone, h.last} {
		for p := range m {
			some[p] = true
		}
	}
	limit, added := believable(time.Since(h.at)), make(map[linkspan.PolicyID]traffic, len(sums))
	for p := range some {
		c := t.of[p]
		if c == nil {
			continue
		}
		var least traffic
		if less {
			least = least.minus(h.added[p])
		}
		more := sums[p].plus(h.gone[p]).minus(h.last[p]).most(least).least(limit)
		c.flows = c.flows.plus(more)
		c.shown = c.shown.most(c.flows)
		if _, there := sums[p]; there {
			added[p] = h.added[p].plus(more)
		}
	}
	h.at, h.last, h.added, h.gone = time.Now(), sums, added, nil
}

// use returns what is counted for all policies.
func (t *tally) use() map[linkspan.PolicyID]PolicyUse {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := make(map[linkspan.PolicyID]PolicyUse, len(t.of))
	for p, c := range t.of {
		sum := c.shown.plus(traffic{c.packets.Load(), c.bytes.Load()})
		since := c.since
		if t.begun.After(since) {
			since = t.begun
		}
		all[p] = PolicyUse{Since: since, Decisions: c.decisions.Load(), Packets: uint64(sum.packets), Bytes: uint64(sum.bytes)}
	}
	return all
}
