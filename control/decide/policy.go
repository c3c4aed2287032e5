// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"iter"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// generation is what tells whether policies may say something else in another View; 0
// when there are none.
func generation(v *view.View) uint64 {
	if v.CountPolicies() == 0 {
		return 0
	}
	return v.PolicyGeneration()
}

// policy is what policies say of the two, in both directions: of all packets one
// thing, or of each class of connections its own. What they leave open is as if they
// said what follows in the order; if they leave all of it open, they say nothing. None
// leads out of an internal network.
func policy(v *view.View, p *Packet, d *Decision) (Verdict, bool) {
	switch {
	case d.generation == 0:
		return Ignore, false
	case d.leaves():
		d.Reason = InternalNetwork
		return Deny, true
	}
	d.askPolicies(v)
	switch there, back := d.there, d.back; {
	case there.unsure || back.unsure:
		d.Reason = LabelsUnknown
		return Ignore, true
	case there.silent() && back.silent():
		return Ignore, false
	case there.allowsAll() && back.allowsAll(), there.refusesAll() && back.refusesAll():
		return d.ruled(v, there.of(p))
	}
	if p.pair {
		d.Tracked, d.Policy, d.Reason = true, d.there.Sole(), PolicyAllows
		return Allow, true
	}
	opening := d.there
	if p.Reply {
		opening = d.back
	}
	ruling := opening.Judge(p.Key())
	d.Track(p, ruling.Class)
	return d.ruled(v, ruling)
}

// of returns what is said of a packet or, where it stands for all, of these, which are
// decided in one way.
func (r *Rules) of(p *Packet) Ruling {
	switch {
	case p.pair:
		return Ruling{Action: r.uniform, Policy: r.some()}
	case !r.several:
		return Ruling{Action: r.rest.Action, Policy: r.rest.Policy}
	}
	return r.Judge(p.Key())
}

// askPolicies finds what they say of the two ends, if that is not known.
func (d *Decision) askPolicies(v *view.View) {
	switch {
	case d.there != nil:
		return
	case d.recalled != nil && d.recalled.from == d.Source && d.recalled.to == d.Destination:
		d.there, d.back = d.recalled.there, d.recalled.back
		return
	}
	m := d.memo
	if m == nil {
		m = new(Memo)
	}
	d.there, d.back = m.between(v, d.Source, d.Destination)
}

// ruled is the verdict that a ruling has.
func (d *Decision) ruled(v *view.View, r Ruling) (Verdict, bool) {
	d.Policy = r.Policy
	switch {
	case r.Policy == nil:
		_, d.Reason = Otherwise(v, view.PartyOf(d.Source), view.PartyOf(d.Destination))
	case r.Action == linkspan.PolicyReject:
		d.Reason = PolicyRejects
	case r.Action == linkspan.PolicyDeny:
		d.Reason = PolicyDenies
	default:
		d.Reason = PolicyAllows
	}
	if r.Action == linkspan.PolicyAllow {
		return Allow, true
	}
	return Deny, true
}

// deniedClass denies a class of connections between two ends that can reach each
// other: other classes may pass, so that the way between them is asked for as well.
func deniedClass(v *view.View, p *Packet, d *Decision) bool {
	reason := d.Reason
	if d.across && !mutual(v, d) || transport(v, p, d) {
		return true
	}
	d.BySource, d.ByDestination = true, true
	return d.settle(Deny, reason)
}

// Rules returns what policies say of the packets between source and destination, and
// of those from destination to source; nil when they were not asked.
func (d *Decision) Rules() (there, back *Rules) { return d.there, d.back }

// silent says that no policy speaks of the two.
func (r *Rules) silent() bool { return len(r.parts) == 0 && r.rest.Policy == nil }

// some returns the policy that decides about all, or one of those that speak of the
// two; nil when none does.
func (r *Rules) some() *linkspan.Policy {
	for i := range r.parts {
		if r.parts[i].Policy != nil {
			return r.parts[i].Policy
		}
	}
	return r.rest.Policy
}

// allowsAll says that each packet is allowed.
func (r *Rules) allowsAll() bool { return r.uniform == linkspan.PolicyAllow }

// refusesAll says that each packet is denied, or each is rejected.
func (r *Rules) refusesAll() bool {
	return r.uniform == linkspan.PolicyDeny || r.uniform == linkspan.PolicyReject
}

// Extent is how much of something is allowed.
type Extent uint8

// The extents.
const (
	None Extent = iota
	Some
	All
)

// Allowed returns how much of a class is allowed.
func (r *Rules) Allowed(c Class) Extent {
	allowed, refused := false, false
	for p := range r.over(c) {
		allowed = allowed || p.Action == linkspan.PolicyAllow
		refused = refused || p.Action != linkspan.PolicyAllow
	}
	switch {
	case !allowed:
		return None
	case refused:
		return Some
	}
	return All
}

// Decider returns the policy that decides about all of a class, nil where that is what
// follows in the order; one is false when not one and the same does.
func (r *Rules) Decider(c Class) (policy *linkspan.Policy, one bool) {
	first := true
	for p := range r.over(c) {
		if !first && p.Policy != policy {
			return nil, false
		}
		policy, first = p.Policy, false
	}
	return policy, true
}

// over yields the parts that have connections of a class, Rest among them.
func (r *Rules) over(c Class) iter.Seq[*Part] {
	return func(yield func(*Part) bool) {
		last, own := min(c.Last(), lastPort(c.Protocol)), false
		for i := range r.parts {
			p := &r.parts[i]
			own = own || p.Protocol == c.Protocol
			if (c.Protocol == 0 || p.Protocol == c.Protocol && p.First <= last && p.Last >= c.Port) && !yield(p) {
				return
			}
		}
		if c.Protocol == 0 || !own {
			yield(&r.rest)
		}
	}
}
