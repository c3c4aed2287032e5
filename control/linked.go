// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// networks is a set of networks.
type networks map[linkspan.NetworkID]bool

func (s networks) sorted() []linkspan.NetworkID { return slices.Sorted(maps.Keys(s)) }

// ends is a pair of endpoints, by their keys.
type ends struct{ a, b view.Key }

// flushLinked deletes the flows of pairs of endpoints that links are about, where
// something else is decided about them now, and plugs those anew that were deleted
// with others of the networks in flushed and may go on. It costs two decisions in each
// View for each pair of endpoints of the links that changed, and of those of the
// endpoints that did, and for the other pairs of these ends at the same addresses; for
// all pairs that links join, when networks or groups changed; where a link that denies
// changed, also a look at each endpoint of its two chassis.
func (h *Hub) flushLinked(old, next *view.View, d *view.Delta, flushed networks) {
	if !old.AnyLinks() && !next.AnyLinks() {
		return
	}
	pairs := make(map[ends]bool)
	for _, c := range d.Links {
		addLinked(pairs, c.Any(), old, next)
		for _, end := range []linkspan.LinkEnd{c.Any().A, c.Any().B} {
			h.flushNameless(end.Chassis, next)
		}
	}
	for _, c := range d.Endpoints {
		addOpposite(pairs, old, c.Old)
		addOpposite(pairs, next, c.New)
	}
	if len(d.Networks) > 0 || len(d.Groups) > 0 {
		for l := range next.Links() {
			addLinked(pairs, l, old, next)
		}
	}
	addNamesakes(pairs, old, next)
	recount := make(map[view.Key]bool)
	var was, is decide.Memo
	for pair := range pairs {
		before, now := judged(&was, old, pair), judged(&is, next, pair)
		if before.counts != now.counts {
			recount[pair.a] = true // its flows may stay and count for nobody, or for another
		}
		before.counts = now.counts
		if before != now {
			h.flushEnds(pair, now.verdict == decide.Allow, old, next)
		} else if now.verdict == decide.Allow && (flushed[pair.a.Network] || flushed[pair.b.Network]) &&
			next.Shares(pair.a.Network, pair.b.Network) == nil {
			h.replug(next, pair)
		}
	}
	h.changed.add(recount, false)
}

// flushNameless deletes the flows of endpoints which a link may deny without it being
// known, as the names of their containers have not come yet.
func (h *Hub) flushNameless(on linkspan.ChassisID, v *view.View) {
	for e := range v.Attached(on) {
		if v.Unknowable(e) {
			h.flushEndpoint(view.Changed[linkspan.Endpoint]{Old: e, New: e})
		}
	}
}

// addLinked adds the pairs of endpoints that a link is about.
func addLinked(pairs map[ends]bool, l *linkspan.Link, views ...*view.View) {
	for _, v := range views {
		for a := range v.Covered(l.A) {
			for b := range v.Covered(l.B) {
				if oneFamily(a, b) {
					pairs[ends{view.KeyOf(a), view.KeyOf(b)}] = true
				}
			}
		}
	}
}

// addOpposite adds the pairs of an endpoint with those that links join it with.
func addOpposite(pairs map[ends]bool, v *view.View, e *linkspan.Endpoint) {
	if e == nil || !e.Attached() {
		return
	}
	for l, o := range v.Opposite(e) {
		if !oneFamily(e, o) {
			continue
		}
		pair := ends{view.KeyOf(e), view.KeyOf(o)}
		if !l.A.Covers(e) {
			pair = ends{pair.b, pair.a}
		}
		pairs[pair] = true
	}
}

// oneFamily says whether two endpoints have addresses between which there may be
// flows.
func oneFamily(a, b *linkspan.Endpoint) bool { return a.Address.Is4() == b.Address.Is4() }

// addNamesakes adds to pairs that links join those of an end with the others of the
// same address that links join it with: whom an address means depends on all of them.
func addNamesakes(pairs map[ends]bool, views ...*view.View) {
	for _, pair := range slices.Collect(maps.Keys(pairs)) {
		for _, v := range views {
			addBearers(pairs, v, v.Endpoint(pair.a), pair.b)
			addBearers(pairs, v, v.Endpoint(pair.b), pair.a)
		}
	}
}

// addBearers adds the pairs of an endpoint with those of another's address that links
// join it with.
func addBearers(pairs map[ends]bool, v *view.View, e *linkspan.Endpoint, other view.Key) {
	if e == nil || !e.Attached() {
		return
	}
	for _, o := range v.Opposite(e) {
		if key := view.KeyOf(o); o.Address == other.Address && !pairs[ends{key, view.KeyOf(e)}] {
			pairs[ends{view.KeyOf(e), key}] = true
		}
	}
}

// judgement is what of a decision the flows of a pair show.
type judgement struct {
	verdict   decide.Verdict
	tracked   bool
	transport linkspan.Transport
	a, b      shown
	back      decide.Verdict
	counts    [2]*linkspan.Policy // there, and back
}

// shown is what flows show of an end and of its network.
type shown struct {
	chassis   linkspan.ChassisID
	port      uint32
	mac       linkspan.MAC
	subnets   [2]netip.Prefix
	idle      time.Duration
	transport linkspan.Transport // asked for
}

func shownOf(v *view.View, e *linkspan.Endpoint) shown {
	s := shown{chassis: e.Chassis, port: e.Port, mac: e.MAC}
	if n := v.Network(e.Network); n != nil {
		s.subnets, s.idle, s.transport = [2]netip.Prefix{n.Subnet, n.Subnet6}, n.Idle, n.Transport
	}
	return s
}

// judged decides about a pair; a pair that is not there is denied. The memo is of v alone.
func judged(m *decide.Memo, v *view.View, pair ends) (j judgement) {
	a, b := v.Endpoint(pair.a), v.Endpoint(pair.b)
	if a == nil || b == nil || !a.Attached() || !b.Attached() {
		return judgement{verdict: decide.Deny}
	}
	there, back := m.Between(v, a, b), m.Between(v, b, a)
	j = judgement{there.Verdict, there.Tracked, there.Transport, shownOf(v, a), shownOf(v, b), back.Verdict, [2]*linkspan.Policy{}}
	j.counts[0], j.counts[1] = there.Counted()
	return j
}

// flushEnds deletes the flows of a pair, on all chassis where one of them is or was;
// where nothing is allowed any more these forget its connections, too.
func (h *Hub) flushEnds(pair ends, allowed bool, views ...*view.View) {
	type side struct {
		on          linkspan.ChassisID
		here, there view.Key
	}
	sides := make(map[side]bool)
	for _, v := range views {
		if e := v.Endpoint(pair.a); e != nil {
			sides[side{e.Chassis, pair.a, pair.b}] = true
		}
		if e := v.Endpoint(pair.b); e != nil {
			sides[side{e.Chassis, pair.b, pair.a}] = true
		}
	}
	for s := range sides {
		if d := h.datapath(s.on); d != nil {
			b := pipeline.AppendUnplugPair(d.session.Begin(), 0, s.here, s.there)
			if !allowed {
				b = d.forgetPair(b, s.here, s.there, views)
			}
			d.session.End(b)
			h.counters.Flushed.Add(1)
		}
	}
}

// forgetPair appends what makes the switch forget the connections between two ends, as
// one of the Views has them.
func (d *datapath) forgetPair(b []byte, here, there view.Key, views []*view.View) []byte {
	if !d.tracks.Load() || !d.flushes.Load() {
		return b
	}
	s := pipeline.Standing{On: d.id, Kind: pipeline.KindTracked, From: here, To: there}
	for _, v := range views {
		if _, ok := s.Leg(v); ok {
			d.forgetAgain([]pipeline.Standing{s})
			return appendFlush(b, v, []pipeline.Standing{s})
		}
	}
	return b
}

// replug plugs the route of a pair of two networks on its chassis, if it may have
// been plugged: what was deleted around it may have taken it along.
func (h *Hub) replug(v *view.View, pair ends) {
	if pair.a.Network == pair.b.Network {
		return
	}
	a, b := v.Endpoint(pair.a), v.Endpoint(pair.b)
	if !h.index.noted(a, b) {
		return
	}
	d := decide.Between(v, a, b)
	if d.Tracked { // its classes come up by themselves
		return
	}
	for _, on := range []linkspan.ChassisID{a.Chassis, b.Chassis} {
		if dp := h.datapath(on); dp != nil && dp.ready.Load() {
			dp.session.End(h.stencil.AppendRoute(dp.session.Begin(), 0, dp.round, pipeline.LegOf(&d, on)))
		}
		if d.Local() {
			break
		}
	}
}
