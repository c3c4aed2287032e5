// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// Rules say which connections endpoints of one network may open to each other: all,
// unless something was said of the two, in this direction. They stand in for a
// policy: their Decide and Judge are for control.Config.
type Rules struct {
	mu   sync.RWMutex
	may  map[direction][]decide.Class
	told int64 // how often
}

type direction struct{ from, to view.Key }

// NewRules returns rules that allow all.
func NewRules() *Rules { return &Rules{may: make(map[direction][]decide.Class)} }

// Allow says that from may open connections of just these classes to another; with
// none, nothing. A Hub must be told; see Tell.
func (r *Rules) Allow(from, to view.Key, classes ...decide.Class) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.may[direction{from, to}] = slices.Clone(classes)
}

// Tell has decisions made under other rules fall, and returns of whom the routes are to
// be revised.
func (r *Rules) Tell(hub *control.Hub, keys ...view.Key) []view.Key {
	r.mu.Lock()
	r.told++
	told := time.Unix(0, r.told) // another at each time, else it would be no change
	r.mu.Unlock()
	for _, key := range keys {
		if n := hub.View().Network(key.Network); n != nil {
			next := *n
			next.Created = told
			hub.Update(view.PutNetwork(&next))
		}
	}
	return keys
}

// of returns what may be opened.
func (r *Rules) of(from, to view.Key) []decide.Class {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if list, said := r.may[direction{from, to}]; said {
		return list
	}
	return []decide.Class{{}}
}

// uniform says whether there is one verdict for all packets between two endpoints, and
// which.
func (r *Rules) uniform(a, b view.Key) (allowed, is bool) {
	there, back := r.of(a, b), r.of(b, a)
	all := slices.Contains(there, decide.Class{}) && slices.Contains(back, decide.Class{})
	return all, all || len(there)+len(back) == 0
}

// May says whether a connection may be opened.
func (r *Rules) May(from, to view.Key, protocol uint8, port uint16) bool {
	return slices.ContainsFunc(r.of(from, to), func(c decide.Class) bool { return c.Contains(protocol, port) })
}

// Decide is decide.Decide with the rules in place of what allows within a network.
func (r *Rules) Decide(v *view.View, p *decide.Packet, d *decide.Decision) {
	decide.Decide(v, p, d)
	if d.Verdict != decide.Allow {
		return
	}
	a, b := view.KeyOf(d.Source), view.KeyOf(d.Destination)
	if p.Reply {
		a, b = b, a
	}
	allowed, uniform := r.uniform(a, b)
	if !uniform {
		var c decide.Class
		c, allowed = classAround(r.of(a, b), p)
		d.Track(p, c)
	}
	if !allowed {
		d.Verdict, d.Reason = decide.Deny, decide.NoReason
	}
}

// smallest is how many bits of a port the largest block of a class fixes.
const smallest = 10

// classAround returns the widest class around a packet's connection that has one
// verdict, and the verdict.
func classAround(list []decide.Class, p *decide.Packet) (c decide.Class, allowed bool) {
	protocol, port := p.Key()
	candidates := []decide.Class{{}, decide.ClassOf(protocol)}
	if decide.BlockOf(protocol, port, 16).Valid() {
		for bits := uint8(smallest); bits <= 16; bits++ {
			candidates = append(candidates, decide.BlockOf(protocol, port, bits))
		}
	}
	for _, c = range candidates {
		covers := func(a decide.Class) bool { return a.Covers(c) }
		touches := func(a decide.Class) bool { return a.Covers(c) || c.Covers(a) }
		if allowed = slices.ContainsFunc(list, covers); allowed || !slices.ContainsFunc(list, touches) && c.Valid() {
			return c, allowed
		}
	}
	return c, allowed
}

// Judge judges what flows stand for.
func (r *Rules) Judge(_ *view.View, s *pipeline.Standing) control.Judgement {
	allowed, uniform := r.uniform(s.From, s.To)
	list := r.of(s.From, s.To)
	if s.Strays && !uniform {
		return r.judgeStrays(s)
	}
	switch {
	case s.Kind == pipeline.KindRoute && uniform && allowed, s.Kind == pipeline.KindTracked && !uniform:
		return control.Stands
	case s.Kind == pipeline.KindTracked && allowed && s.Strays:
		return control.Narrows
	case s.Kind == pipeline.KindTracked && allowed, s.Kind == pipeline.KindRoute && !uniform:
		return control.Turns
	case s.Kind != pipeline.KindClass:
		return control.Falls
	case slices.ContainsFunc(list, func(a decide.Class) bool { return a.Covers(s.Class) }):
		if uniform {
			return control.Narrows
		}
		return control.Stands
	case slices.ContainsFunc(list, func(a decide.Class) bool { return s.Class.Covers(a) }):
		return control.Narrows
	}
	return control.Falls
}

// judgeStrays judges what lets segments through that open no connection.
func (r *Rules) judgeStrays(s *pipeline.Standing) control.Judgement {
	may := func(from, to view.Key, c decide.Class) bool {
		return slices.ContainsFunc(r.of(from, to), func(a decide.Class) bool { return a.Covers(c) })
	}
	opens, answers := may(s.From, s.To, s.Class), may(s.To, s.From, s.Answer)
	if answers && (opens || decide.FromOpener(s.Class.Port, s.Answer.Port)) {
		return control.Stands
	}
	return control.Narrows
}
