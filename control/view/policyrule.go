// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
)

// Rule is a policy of a View, made ready to be asked.
type Rule struct {
	Policy   *linkspan.Policy
	order    uint64 // of the policy
	from, to []selector
}

// Order returns a number that is less than another rule's where the rule is asked
// before it. Of the rules of one View each has its own.
func (r *Rule) Order() uint64 { return r.order }

// Compare orders rules as they are asked.
func (r *Rule) Compare(o *Rule) int { return cmp.Compare(r.order, o.order) }

// FromAnyone says that the rule is about every sender.
func (r *Rule) FromAnyone() bool { return len(r.from) == 0 }

// ToAnyone says that the rule is about every receiver.
func (r *Rule) ToAnyone() bool { return len(r.to) == 0 }

// anySelects says whether some selector of a side selects a subject.
func anySelects(side []selector, s *subject) bool {
	for i := range side {
		if side[i].selects(s) {
			return true
		}
	}
	return false
}

func newRule(p *linkspan.Policy) *Rule {
	return &Rule{Policy: p, order: p.Order(), from: newSelectors(p.From), to: newSelectors(p.To)}
}

// selector is a linkspan.Selector taken apart.
type selector struct {
	labels  []label // sorted
	network string
	group   string
	names   []linkspan.EndpointName // the readings of an endpoint's name; none: not asked
	cidr    netip.Prefix
	hooks   []hookKey // what it hangs on in the View; none yet: it is in none
}

type label struct{ key, value string }

func newSelectors(all []linkspan.Selector) []selector {
	if len(all) == 0 {
		return nil
	}
	out := make([]selector, len(all))
	for i := range all {
		out[i] = newSelector(&all[i])
	}
	return out
}

func newSelector(s *linkspan.Selector) selector {
	out := selector{network: s.Network, group: s.Group, cidr: s.CIDR}
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		out.labels = append(out.labels, label{key, s.Labels[key]})
	}
	if s.Endpoint == "" {
		return out
	}
	name, err := linkspan.ParseEndpointName(s.Endpoint)
	if err != nil { // it was validated; one that is not understood selects nobody
		name = linkspan.EndpointName{}
	}
	out.names = append(out.names, name)
	if whole := name.Whole(); whole != name {
		out.names = append(out.names, whole)
	}
	return out
}

// byAddress says that nothing but the address is asked.
func (s *selector) byAddress() bool {
	return s.cidr.IsValid() && len(s.labels) == 0 && s.network == "" && s.group == "" && len(s.names) == 0
}

// subject is a party with the names of where it is, which are looked up once.
type subject struct {
	Party
	in      *linkspan.Network // nil: its record is not there
	chassis string
	groups  []*linkspan.Group
}

func (v *View) subject(p Party) subject {
	s := subject{Party: p}
	if p.Endpoint == nil {
		return s
	}
	s.in = v.Network(p.Endpoint.Network)
	if c := v.Chassis(p.Endpoint.Chassis); c != nil {
		s.chassis = c.Name
	}
	s.groups = v.GroupsOf(p.Endpoint.Network)
	return s
}

// selects says whether all that the selector says holds of a subject.
func (s *selector) selects(p *subject) bool {
	if !s.within(p) {
		return false
	}
	if p.Endpoint == nil {
		return s.byAddress()
	}
	return s.selectsKin(p) && (len(s.names) == 0 || slices.ContainsFunc(s.names, p.called))
}

// within says whether the address is right.
func (s *selector) within(p *subject) bool { return !s.cidr.IsValid() || s.cidr.Contains(p.Address) }

// selectsKin says whether what the selector says of an endpoint holds of a subject, apart
// from name and address.
func (s *selector) selectsKin(p *subject) bool {
	if !p.inNetwork(s.network) || s.group != "" && !p.grouped(s.group) {
		return false
	}
	for _, l := range s.labels {
		if !has(p.Endpoint, l) {
			return false
		}
	}
	return true
}

// network is the name of the endpoint's network; empty where that is not known.
func (p *subject) network() string {
	if p.in == nil {
		return ""
	}
	return p.in.Name
}

// inNetwork says whether the endpoint is in the network of a name; none is any.
func (p *subject) inNetwork(name string) bool { return name == "" || name == p.network() }

// grouped says whether the endpoint's network is in a group.
func (p *subject) grouped(name string) bool {
	return slices.ContainsFunc(p.groups, func(g *linkspan.Group) bool { return g.Name == name })
}

// called says whether a name is the endpoint's.
func (p *subject) called(name linkspan.EndpointName) bool {
	return name.Container != "" && p.Endpoint.Container == name.Container && p.bears(name)
}

// bears says whether what a name says beside the container's holds of the endpoint.
func (p *subject) bears(name linkspan.EndpointName) bool {
	return (name.Network == "" || p.in != nil && p.in.Called(name.Network)) && (name.Chassis == "" || name.Chassis == p.chassis)
}
