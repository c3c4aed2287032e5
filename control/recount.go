// SPDX-License-Identifier: Apache-2.0

package control

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// recounts says whether a flow that stays is to count for another policy than before:
// that which decides now about all that it lets through.
func (h *Hub) recounts(v *view.View, s *pipeline.Standing, f *openflow.FlowStats) (now linkspan.PolicyID, recount bool) {
	cookie := pipeline.Cookie(f.Cookie)
	if cookie.Policy() == 0 && v.CountPolicies() == 0 || s.Kind == pipeline.KindTracked {
		return 0, false
	}
	now = h.countsFor(v, s)
	return now, now != cookie.Policy()
}

// countsFor returns the policy that decides in v about all that a flow lets through; 0
// when several do, or none.
func (h *Hub) countsFor(v *view.View, s *pipeline.Standing) linkspan.PolicyID {
	d, ok := h.standing(v, s)
	there, _ := d.Rules()
	if !ok || there == nil {
		return 0
	}
	p := there.Sole()
	if s.Kind == pipeline.KindClass {
		p, _ = there.Decider(s.Class)
	}
	if p == nil {
		return 0
	}
	return p.ID
}

// appendRecount has a flow count for another policy from now on. One that has gone
// since it was dumped is not put again.
func (d *datapath) appendRecount(b []byte, r *ruling) []byte {
	f := r.flow
	if !d.ending.first(f.Cookie, f.TableID, f.Priority, f.Match) {
		return b
	}
	cookie := pipeline.Cookie(f.Cookie)
	if old := pipeline.CountsFor(cookie, f.TableID); old != 0 {
		d.hub.tally.removed(d.id, old, trafficOf(f.Packets, f.Bytes))
	}
	return pipeline.AppendRecount(b, 0, f, r.standing.Rule(cookie, r.counts))
}

// ending is the flows of a switch that ended while it was being revised: they went by
// themselves, or count for another. Of the two either may come first, and each counts
// once. The zero value is ready; while nobody begins nothing is noted.
type ending struct {
	revisions atomic.Int32
	mu        sync.Mutex
	ended     map[string]bool
}

// maxEnding is how many flows are noted; of more, one may count twice.
const maxEnding = 1 << 14

// begin notes from now on, until end was called as often.
func (e *ending) begin() { e.revisions.Add(1) }

func (e *ending) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.revisions.Add(-1) == 0 {
		e.ended = nil
	}
}

// none says that none has ended yet.
func (e *ending) none() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.ended) == 0
}

// first says whether a flow ends now; false: it has before.
func (e *ending) first(cookie uint64, table uint8, priority uint16, match openflow.MatchView) bool {
	if e.revisions.Load() == 0 {
		return true
	}
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 11+len(match)), cookie)
	key = append(binary.BigEndian.AppendUint16(append(key, table), priority), match...)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended[string(key)] {
		return false
	}
	if e.revisions.Load() > 0 && len(e.ended) < maxEnding {
		if e.ended == nil {
			e.ended = make(map[string]bool)
		}
		e.ended[string(key)] = true
	}
	return true
}

// revised ends the noting of what ended, once the switch has done all that it was told:
// what it says of flows that went before that has come then.
func (d *datapath) revised() {
	if d.ending.none() {
		d.ending.end()
		return
	}
	d.session.Barrier(0, func(b []byte) ([]byte, bool) { return b, true }, func(error) { d.ending.end() })
	d.session.Wake()
}
