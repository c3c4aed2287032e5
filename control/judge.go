// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// judge says whether what a flow stands for would be decided so in v, whoever
// decides: a person's link, a policy or what follows.
func (h *Hub) judge(v *view.View, s *pipeline.Standing) Judgement {
	d, ok := h.standing(v, s)
	if !ok {
		return Falls
	}
	switch {
	case d.Verdict != decide.Allow:
		return Falls
	case d.Tracked && s.Strays:
		return judgeStrays(&d, s)
	case !d.Tracked && (s.Strays || s.Kind == pipeline.KindClass): // a whole route takes its place
		return Narrows
	case d.Tracked == (s.Kind == pipeline.KindTracked) && s.Kind != pipeline.KindClass:
		return Stands
	case s.Kind != pipeline.KindClass:
		return Turns
	}
	there, _ := d.Rules()
	switch there.Allowed(s.Class) {
	case decide.All:
		if _, one := there.Decider(s.Class); one {
			return Stands
		}
		return Narrows // each class counts for one policy
	case decide.Some:
		return Narrows
	}
	return Falls
}

// judgeStrays judges what lets stray segments through: nothing is known of their
// connections by it.
func judgeStrays(d *decide.Decision, s *pipeline.Standing) Judgement {
	there, back := d.Rules()
	opens, answers := there.Allowed(s.Class) == decide.All, back.Allowed(s.Answer) == decide.All
	if answers && (opens || decide.FromOpener(s.Class.Port, s.Answer.Port)) {
		return Stands
	}
	return Narrows
}

// standing decides in v about what a flow stands for; ok is false when an end of it is
// gone.
func (h *Hub) standing(v *view.View, s *pipeline.Standing) (d decide.Decision, ok bool) {
	from, to := v.Endpoint(s.From), v.Endpoint(s.To)
	switch {
	case s.FromOutside() && attached(to):
		return h.beyond(v, s.On, to, s.From.Address, true), true
	case s.Outside.IsValid() && !s.FromOutside() && attached(from):
		return h.beyond(v, s.On, from, s.To.Address, false), true
	case s.Outside.IsValid() || !attached(from) || !attached(to):
		return d, false
	}
	return h.between(v, s.On, from, to), true
}

func attached(e *linkspan.Endpoint) bool { return e != nil && e.Attached() }
