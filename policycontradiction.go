// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Contradicts says whether two policies cannot both be meant: of one priority
// they select the same on both sides and share a port, and say different things.
func (p *Policy) Contradicts(o *Policy) bool {
	return p.Action != o.Action && p.Name != o.Name && p.whom() == o.whom() && p.sharesPorts(o)
}

// Contradiction says that p contradicts o, which is at the given place: "" or
// " at web.yaml:4:11".
func (p *Policy) Contradiction(o *Policy, place string) Problem {
	return Problem{
		Path:    "spec.action",
		Message: fmt.Sprintf("the policy contradicts %s%s, which does %s with the same, at the same priority %d", o.Name, place, o.Action, o.Priority),
		Want:    "another priority for one of them, or the same action",
	}
}

// Contradictions returns pairs of policies that contradict each other, by their
// indexes, the greater first and in order; not all that there are: of several that one
// contradicts in the same way, one. It costs about as much as to sort all that the
// policies say.
func Contradictions(policies []*Policy) (pairs [][2]int) {
	about := make(map[string][]int)
	for i, p := range policies {
		whom := p.whom()
		about[whom] = append(about[whom], i)
	}
	for _, same := range about {
		pairs = append(pairs, contradictions(policies, same)...)
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(pairs)
}

// contradictions is Contradictions of some policies that are about the same.
func contradictions(policies []*Policy, same []int) (pairs [][2]int) {
	note := func(a, b int) {
		if policies[a].Name != policies[b].Name {
			pairs = append(pairs, [2]int{max(a, b), min(a, b)})
		}
	}
	meetWhole(policies, same, note)
	meetAtPorts(policies, same, note)
	return pairs
}

// meetWhole notes those that contradict policies of all ports.
func meetWhole(policies []*Policy, same []int, note func(a, b int)) {
	var whole, some [len(actionNames)]int // of each action one more than a policy of all ports, and than one of some
	for _, i := range same {
		p, earlier := policies[i], []*[len(actionNames)]int{&whole, &some}
		if len(p.Ports) > 0 {
			earlier = earlier[:1]
		}
		for _, of := range earlier {
			for action, other := range of {
				if other > 0 && PolicyAction(action) != p.Action {
					note(i, other-1)
				}
			}
		}
		if len(p.Ports) == 0 {
			whole[p.Action] = i + 1
		} else {
			some[p.Action] = i + 1
		}
	}
}

// meetAtPorts notes those that share ports. It goes through the ports that they speak of
// in order: what begins at a port meets what an earlier one reaches to, of each action
// the one that reaches farthest.
func meetAtPorts(policies []*Policy, same []int, note func(a, b int)) {
	type spoken struct {
		PolicyPorts
		by int
	}
	var all []spoken
	for _, i := range same {
		for _, ports := range policies[i].Ports {
			all = append(all, spoken{ports, i})
		}
	}
	slices.SortFunc(all, func(a, b spoken) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.First, b.First))
	})
	var farthest [len(actionNames)]spoken
	for _, s := range all {
		action := policies[s.by].Action
		for other, f := range farthest {
			if PolicyAction(other) != action && f.Overlaps(s.PolicyPorts) {
				note(s.by, f.by)
			}
		}
		if f := &farthest[action]; f.Protocol != s.Protocol || f.Last < s.Last {
			*f = s
		}
	}
}

func (p *Policy) sharesPorts(o *Policy) bool {
	if len(p.Ports) == 0 || len(o.Ports) == 0 {
		return true
	}
	for _, a := range p.Ports {
		for _, b := range o.Ports {
			if a.Overlaps(b) {
				return true
			}
		}
	}
	return false
}

// whom returns what two policies have in common that are of one priority and select the
// same on both sides, whatever the order in which they say so.
func (p *Policy) whom() string {
	var b strings.Builder
	fmt.Fprint(&b, p.Priority)
	for _, side := range [][]Selector{p.From, p.To} {
		texts := make([]string, len(side))
		for i := range side {
			texts[i] = side[i].canonical()
		}
		slices.Sort(texts)
		b.WriteString(" | ")
		b.WriteString(strings.Join(slices.Compact(texts), " , "))
	}
	return b.String()
}

// canonical returns what the selector says, in a form that no other selector has that
// says something else.
func (s *Selector) canonical() string {
	var b []byte
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		b = strconv.AppendQuote(append(strconv.AppendQuote(append(b, 'l'), key), '='), s.Labels[key])
	}
	for _, text := range []string{s.Network, s.Group, s.Endpoint} {
		b = strconv.AppendQuote(append(b, ' '), text)
	}
	return string(s.CIDR.AppendTo(append(b, ' ')))
}
