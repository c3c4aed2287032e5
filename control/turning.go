// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// How many classes of a protocol are plugged in the place of one that goes, and how often in a
// revision of a chassis. What would be more comes up, as does what begins.
const maxTurned, maxTurnings = 8, 256

// turning makes what a revision plugs before it deletes, so that what is still allowed
// does not fall between the two. A part of a revision may be made several times, until the View
// is still the same at its end.
type turning struct {
	d *datapath
	v *view.View
	b []byte // what is being made
	// done is what has been made of narrowed classes and of what fell, and made what is
	// of this part: a class has three flows.
	done, made map[pipeline.Standing]bool
	left, used int // of maxTurnings; in this part
}

func (d *datapath) turning() *turning {
	return &turning{d: d, done: make(map[pipeline.Standing]bool), made: make(map[pipeline.Standing]bool), left: maxTurnings}
}

// begin begins a part, or once more.
func (t *turning) begin(v *view.View) {
	t.v, t.used = v, 0
	clear(t.made)
}

// end ends a part.
func (t *turning) end() {
	maps.Copy(t.done, t.made)
	t.left -= t.used
}

// first says whether a standing is met for the first time.
func (t *turning) first(s *pipeline.Standing) bool {
	if t.done[*s] || t.made[*s] {
		return false
	}
	t.made[*s] = true
	return true
}

// turn returns what takes the place of a flow that turns; ok is false when nothing does.
func (t *turning) turn(s *pipeline.Standing, f *openflow.FlowStats) (_ []byte, ok bool) {
	t.b = nil
	counts, whole := linkspan.PolicyID(0), *s
	if whole.Kind = pipeline.KindRoute; s.Kind == pipeline.KindRoute {
		t.classes(s, decide.Class{}) // first: what is tracked then meets them
		t.late(s, decide.Class{})
		t.d.tracks.Store(true)
	} else {
		counts = t.d.hub.countsFor(t.v, &whole)
	}
	b, ok := pipeline.AppendTurn(t.b, 0, t.d.round, t.v, s, f, counts)
	if ok {
		t.d.notesRoute(t.v, s)
	}
	return b, ok
}

// narrow returns the classes within one that goes which are still allowed.
func (t *turning) narrow(s *pipeline.Standing) []byte {
	t.b = nil
	if s.Kind == pipeline.KindClass && t.first(s) {
		t.classes(s, s.Class)
	}
	return t.b
}

// fall returns what denies late answers in connections of what fell.
func (t *turning) fall(s *pipeline.Standing) []byte {
	t.b = nil
	if t.first(s) {
		t.late(s, s.Class)
	}
	return t.b
}

// appendTurn appends what takes the place of a flow. Of one that has gone since it was
// dumped nothing does.
func (d *datapath) appendTurn(b []byte, r *ruling) []byte {
	f := r.flow
	if !d.ending.first(f.Cookie, f.TableID, f.Priority, f.Match) {
		return b
	}
	if old := pipeline.CountsFor(pipeline.Cookie(f.Cookie), f.TableID); old != 0 {
		d.hub.tally.removed(d.id, old, trafficOf(f.Packets, f.Bytes))
	}
	return append(b, r.puts...)
}

// classes plugs the classes within one that are allowed in the direction of s.
func (t *turning) classes(s *pipeline.Standing, within decide.Class) {
	rules, leg := t.rules(s)
	if rules == nil || t.used == t.left {
		return
	}
	t.used++
	t.d.notesRoute(t.v, s)
	list := slices.DeleteFunc(rules.Within(within, true, maxTurned), func(c decide.Class) bool { return !leg.Carries(c.Protocol) })
	for _, c := range list {
		leg.Policy = 0
		if p, _ := rules.Decider(c); p != nil {
			leg.Policy = p.ID
		}
		leg.Back = leg.Policy
		t.b = pipeline.AppendClass(t.b, 0, t.d.round, &leg, c)
	}
	if len(list) > 0 {
		leg.Policy, leg.Back = 0, 0
		t.b = pipeline.AppendLater(t.b, 0, t.d.round, &leg)
	}
}

// notesRoute has the index know of a route between two chassis, or two networks: what was
// known of it may have gone since the flow was dumped.
func (d *datapath) notesRoute(v *view.View, s *pipeline.Standing) {
	from, to := v.Endpoint(s.From), v.Endpoint(s.To)
	if attached(from) && attached(to) && (from.Chassis != to.Chassis || from.Network != to.Network) {
		d.hub.index.route(from, to)
	}
}

// late has late answers dropped in connections of UDP within a class that may not be
// opened any more in the direction of s.
func (t *turning) late(s *pipeline.Standing, within decide.Class) {
	if within.Protocol != 0 && within.Protocol != decide.ProtocolUDP {
		return
	}
	rules, leg := t.rules(s)
	if within.Protocol = decide.ProtocolUDP; rules == nil {
		return
	}
	for _, c := range rules.Within(within, false, maxTurned) {
		t.b = pipeline.AppendDenyLate(t.b, 0, t.d.round, &leg, c)
	}
}

// rules returns what policies say in the direction of a flow of a pair that is tracked, and its leg;
// nil when they say nothing.
func (t *turning) rules(s *pipeline.Standing) (*decide.Rules, pipeline.Leg) {
	d, ok := t.d.hub.standing(t.v, s)
	leg, there := s.Leg(t.v)
	rules, _ := d.Rules()
	if !ok || !there || !d.Tracked {
		return nil, leg
	}
	return rules, leg
}
