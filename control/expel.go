// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ruling is what becomes of a dumped flow of a route.
type ruling struct {
	flow     *openflow.FlowStats
	standing pipeline.Standing
	stays    bool
	falls    bool // it does not stay, and its connections are forgotten
	recount  bool // it stays, and counts for another from now on: counts
	counts   linkspan.PolicyID
	turns    bool   // it stays, as puts puts another one in its place
	puts     []byte // what is plugged before it goes, or in its place
}

// rule appends what becomes of flows in the View of t. It may wait for what is
// remembered of policies: it must not be called between Begin and End.
func (d *datapath) rule(list []ruling, t *turning, flows []openflow.FlowStats) []ruling {
	for i := range flows {
		f := &flows[i]
		r, judgement := ruling{flow: f}, Falls
		s, ok := pipeline.StandingOf(t.v, d.id, f)
		if ok {
			judgement = d.hub.cfg.Judge(t.v, &s)
		}
		r.standing = s
		switch {
		case judgement == Stands && pipeline.Current(t.v, d.id, f):
			r.stays = true
			r.counts, r.recount = d.hub.recounts(t.v, &s, f)
		case judgement == Turns:
			r.puts, r.turns = t.turn(&s, f)
			r.stays = r.turns
		case judgement == Narrows:
			r.puts = t.narrow(&s)
		case judgement == Falls && ok:
			r.falls, r.puts = true, t.fall(&s)
		}
		list = append(list, r)
	}
	return list
}

// appendRuling appends what a ruling asks for, as far as the View is still the one that
// it was made in: else nothing is put that another one may have deleted.
func (d *datapath) appendRuling(b []byte, r *ruling, rests bool) []byte {
	if !rests {
		r.stays = r.stays && !r.recount && !r.turns
		r.puts = nil
	}
	switch {
	case !r.stays:
		d.hub.counters.Revised.Add(1)
		return pipeline.AppendExpelFlow(append(b, r.puts...), 0, r.flow)
	case r.turns:
		return d.appendTurn(b, r)
	case r.recount:
		return d.appendRecount(b, r)
	}
	return b
}

// expel deletes the flows of routes that the View would not plug just so, puts what
// takes their place before, and has the switch forget the connections of what fell.
func (d *datapath) expel(flows []openflow.FlowStats) {
	var part []ruling
	var fallen, turned []pipeline.Standing
	t, fell := d.turning(), make(map[pipeline.Standing]bool)
	d.inView(len(flows), func(v *view.View, from, to int) {
		t.begin(v)
		part = d.rule(part[:0], t, flows[from:to])
	}, func(b []byte, v *view.View, rests bool) []byte {
		for i := range part {
			r := &part[i]
			b = d.appendRuling(b, r, rests)
			if len(r.puts) > 0 {
				d.notesRoute(v, &r.standing) // once more, as in inspect
			}
			switch {
			case r.falls && !fell[r.standing]:
				fell[r.standing] = true
				fallen = append(fallen, r.standing)
			case r.turns:
				turned = append(turned, r.standing)
			}
		}
		t.end()
		return b
	})
	d.lately.add(fallen)
	d.lately.add(turned)
	if !d.flushes.Load() {
		return
	}
	d.session.End(appendFlush(d.session.Begin(), d.hub.view.Load(), fallen))
	d.forgetAgain(fallen)
}

// What of n things is judged before it is looked whether the View is still the same, and
// how often that is tried.
const (
	maxPart  = 256
	maxTries = 8
)

// inView has judge look at n things in the current View, a part at a time, and fill
// append what follows from that between Begin and End, where judge may not be called as
// it may wait. rests says that the View is still the same; when it never is, as very
// much changes, fill is called all the same: what came meanwhile is revised for itself,
// so that fill may then delete by what was judged, and must not put anything.
func (d *datapath) inView(n int, judge func(v *view.View, from, to int), fill func(b []byte, v *view.View, rests bool) []byte) {
	part, tries := maxPart, 0
	for at := 0; at < n; {
		v, to := d.hub.view.Load(), min(at+part, n)
		judge(v, at, to)
		b := d.session.Begin()
		rests := d.hub.view.Load() == v
		if !rests && tries < maxTries {
			d.session.EndQuietly(b)
			part, tries = max(part/2, 1), tries+1
			continue
		}
		d.session.End(fill(b, v, rests))
		at, tries, part = to, 0, min(2*part, maxPart)
	}
}

// lockRuled judges flows in the current View, and returns with the Hub's update locked,
// so that it stays the current one.
func (d *datapath) lockRuled(flows []openflow.FlowStats) (v *view.View, rulings []ruling) {
	h, t := d.hub, d.turning()
	for range 2 {
		v = h.view.Load()
		t.begin(v)
		rulings = d.rule(rulings[:0], t, flows)
		h.update.Lock()
		if h.view.Load() == v {
			return v, rulings
		}
		h.update.Unlock()
	}
	h.update.Lock()
	v = h.view.Load()
	t.begin(v)
	return v, d.rule(rulings[:0], t, flows)
}
