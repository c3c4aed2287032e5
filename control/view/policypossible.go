// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"

	"github.com/linkspan/linkspan"
)

// AppendPossible appends the rules that do not select a party and may do so when it is
// known of which container it is, by what they say of senders and of receivers, each
// list in the order in which they are asked. There are none for a party of which that
// is known, nor where no policy asks for it; else it costs a look at each policy that
// does.
func (v *View) AppendPossible(from, to []*Rule, p Party) (senders, receivers []*Rule) {
	if p.Endpoint == nil || !p.Endpoint.Undescribed {
		return from, to
	}
	first, start := len(from), len(to)
	s := v.subject(p)
	for _, r := range v.policies.asking.All() {
		if r.mayBe(r.from, &s) {
			from = append(from, r)
		}
		if r.mayBe(r.to, &s) {
			to = append(to, r)
		}
	}
	return ordered(from, first), ordered(to, start)
}

// Undecided says whether policies ask for what is not known yet of an endpoint.
func (v *View) Undecided(e *linkspan.Endpoint) bool {
	from, to := v.AppendPossible(nil, nil, PartyOf(e))
	return len(from)+len(to) > 0
}

// asking says whether the rule asks for what Docker tells of a container.
func (r *Rule) asking() bool {
	asks := func(s selector) bool { return len(s.labels) > 0 || len(s.names) > 0 }
	return slices.ContainsFunc(r.from, asks) || slices.ContainsFunc(r.to, asks)
}

// mayBe says whether a side of the rule does not select a subject and may do so when
// its container is known.
func (r *Rule) mayBe(side []selector, s *subject) bool {
	return !anySelects(side, s) && slices.ContainsFunc(side, func(one selector) bool { return one.maySelect(s) })
}

// maySelect says whether all holds of a subject that is known of it.
func (s *selector) maySelect(p *subject) bool {
	switch {
	case s.cidr.IsValid() && !s.cidr.Contains(p.Address):
		return false
	case !p.inNetwork(s.network), s.group != "" && !p.grouped(s.group):
		return false
	}
	return len(s.names) == 0 || slices.ContainsFunc(s.names, p.mayBeCalled)
}

// mayBeCalled says whether a name may be the endpoint's, which may have none yet.
func (p *subject) mayBeCalled(name linkspan.EndpointName) bool {
	return name.Container != "" && (p.Endpoint.Container == "" || p.Endpoint.Container == name.Container) && p.bears(name)
}

// introduce keeps the attached endpoints of which Docker has yet to tell the container;
// both are of one key, and either may be nil.
func (b *builder) introduce(old, e *linkspan.Endpoint) {
	waits := func(e *linkspan.Endpoint) bool { return e != nil && e.Attached() && e.Undescribed }
	switch {
	case waits(e):
		b.policies.unknown = b.policies.unknown.Put(KeyOf(e), e)
	case waits(old):
		b.policies.unknown = b.policies.unknown.Delete(KeyOf(old))
	}
}
