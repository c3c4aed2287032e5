// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"
	"maps"
	"slices"

	"github.com/linkspan/linkspan"
)

// Selection is whom a change of a policy concerns.
type Selection struct {
	Endpoints []*linkspan.Endpoint // attached ones, by network and address
	Chassis   []linkspan.ChassisID // where they are, by number
}

// Selected returns endpoints of which each pair that a change of policies, from
// one View to the next, concerns has at least one end, as few as that takes. An
// endpoint that came, went or changed between the two is a change of its own and
// may be missing. It costs about what it returns, and a look at all networks.
func Selected(old, next *View, changes ...Changed[linkspan.Policy]) Selection {
	found := make(map[Key]*linkspan.Endpoint)
	for _, c := range changes {
		old.addEnds(c.Old, found)
		next.addEnds(c.New, found) // and its records take the place of earlier ones
	}
	s := Selection{Endpoints: slices.SortedFunc(maps.Values(found), compareEndpoints)}
	chassis := make(map[linkspan.ChassisID]bool)
	for _, e := range found {
		chassis[e.Chassis] = true
	}
	s.Chassis = slices.Sorted(maps.Keys(chassis))
	return s
}

// addEnds adds one end of each pair that a policy, which v has, speaks of.
func (v *View) addEnds(p *linkspan.Policy, to map[Key]*linkspan.Endpoint) {
	if p == nil {
		return
	}
	r := newRule(p)
	for e := range v.oneEnd(r) {
		to[KeyOf(e)] = e
	}
	if !r.asking() {
		return
	}
	for _, e := range v.policies.unknown.All() {
		if s := v.subject(PartyOf(e)); r.mayBe(r.from, &s) || r.mayBe(r.to, &s) {
			to[KeyOf(e)] = e
		}
	}
}

func compareEndpoints(a, b *linkspan.Endpoint) int {
	if a.Network != b.Network {
		return int(a.Network) - int(b.Network)
	}
	return a.Address.Compare(b.Address)
}

// SelectedBy returns the attached endpoints that one side of a policy selects;
// for a side that means anyone, all of them. Of an endpoint and its face there is one,
// the face only if the policy selects nothing else of the two.
func (v *View) SelectedBy(p *linkspan.Policy) (from, to []*linkspan.Endpoint) {
	r := newRule(p)
	return v.selected(r.from), v.selected(r.to)
}

func (v *View) selected(side []selector) []*linkspan.Endpoint {
	found := v.side(side)
	maps.DeleteFunc(found, func(e *linkspan.Endpoint, _ bool) bool { return IsFace(e) && found[v.at(e.Chassis, e.Port)] })
	return slices.SortedFunc(maps.Keys(found), compareEndpoints)
}

// oneEnd yields one end of every pair that a rule speaks of. A side that may also
// be somebody outside does not do alone.
func (v *View) oneEnd(r *Rule) iter.Seq[*linkspan.Endpoint] {
	fromOutside, toOutside := mayBeOutside(r.from), mayBeOutside(r.to)
	switch {
	case fromOutside && !toOutside:
		return maps.Keys(v.side(r.to))
	case toOutside && !fromOutside:
		return maps.Keys(v.side(r.from))
	}
	from, to := v.side(r.from), v.side(r.to)
	if fromOutside {
		maps.Copy(from, to)
		return maps.Keys(from)
	}
	if len(to) < len(from) {
		return maps.Keys(to)
	}
	return maps.Keys(from)
}

// mayBeOutside says whether a side may select what is no endpoint.
func mayBeOutside(side []selector) bool {
	return len(side) == 0 || slices.ContainsFunc(side, func(s selector) bool { return s.byAddress() })
}

// side returns the attached endpoints that any selector of a side selects.
func (v *View) side(side []selector) map[*linkspan.Endpoint]bool {
	found := make(map[*linkspan.Endpoint]bool)
	if len(side) == 0 {
		for e := range v.Endpoints() {
			if e.Attached() {
				found[e] = true
			}
		}
	}
	for i := range side {
		for e := range v.candidates(&side[i]) {
			if !e.Attached() || found[e] {
				continue
			}
			if s := v.subject(PartyOf(e)); side[i].selects(&s) {
				found[e] = true
			}
		}
	}
	return found
}

// candidates yields endpoints among which are all that a selector selects.
func (v *View) candidates(s *selector) iter.Seq[*linkspan.Endpoint] {
	if len(s.names) > 0 {
		return v.contained(s)
	}
	if set, ok := v.listed(s); ok {
		return values(set)
	}
	if s.network == "" && s.group == "" && !s.cidr.IsValid() {
		return v.Endpoints() // by labels that no policy of the View asks for
	}
	return func(yield func(*linkspan.Endpoint) bool) {
		for n := range v.Networks() {
			if !s.reaches(v, n) {
				continue
			}
			for e := range v.inNetwork(n.ID) {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// listed returns the fewest endpoints that are listed for a label of a selector.
func (v *View) listed(s *selector) (least endpointSet, ok bool) {
	for _, l := range s.labels {
		h, there := v.policies.hooks.Get(hookKey{kind: byLabel, name: l.key, value: l.value})
		if there && (!ok || h.members.Len() < least.Len()) {
			least, ok = h.members, true
		}
	}
	return least, ok
}

// reaches says whether endpoints of a network may be selected.
func (s *selector) reaches(v *View, n *linkspan.Network) bool {
	return (s.network == "" || s.network == n.Name) && (s.group == "" || v.inGroup(s.group, n.ID)) &&
		(!s.cidr.IsValid() || slices.ContainsFunc(n.Subnets(), s.cidr.Overlaps))
}

// inGroup says whether a network is in the group of that name.
func (v *View) inGroup(group string, network linkspan.NetworkID) bool {
	g := v.Group(group)
	return g != nil && g.Has(network)
}

// contained yields the endpoints of containers by name.
func (v *View) contained(s *selector) iter.Seq[*linkspan.Endpoint] {
	return func(yield func(*linkspan.Endpoint) bool) {
		for n := range v.Networks() {
			for i := range s.names {
				for e := range v.Named(n.ID, s.names[i].Container) {
					if !yield(e) {
						return
					}
				}
			}
		}
	}
}

// inNetwork yields the attached endpoints of a network, and looks at all of the
// chassis that have some.
func (v *View) inNetwork(id linkspan.NetworkID) iter.Seq[*linkspan.Endpoint] {
	return func(yield func(*linkspan.Endpoint) bool) {
		for c := range v.Members(id) {
			for e := range v.Attached(c) {
				if e.Network == id && !yield(e) {
					return
				}
			}
		}
	}
}
