// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// meeting is what policies say of all packets from one kin to another: those that
// concern them, in order, and what these make.
type meeting struct {
	concerned []*view.Rule
	said      *Rules
}

// meet returns what is said of all packets from one kin to another.
func (k *Knowledge) meet(from, to *kin, otherwise linkspan.PolicyAction) *meeting {
	key := encounter[kin]{from, to, otherwise}
	m, ok := k.meetings[key]
	if !ok {
		concerned := append(append(slices.Clone(k.open), from.anyTo...), to.anyFrom...)
		// What means anyone on one side is not in the other list.
		concerned = slices.Clip(inOrder(from.from.appendCommon(concerned, &to.to), nil))
		m = &meeting{concerned, k.say(concerned, otherwise)}
		k.meetings[key] = m
		k.held += entrySize + ruleSize*len(concerned)
	}
	return m
}

// own returns, in scratch, the rules that concern two parties and not all of their kin.
func (k *Knowledge) own(from, to *party) []*view.Rule {
	own := k.both[:0]
	for _, r := range from.from {
		if r.ToAnyone() || to.kin.to.has(r) || slices.Contains(to.to, r) {
			own = append(own, r)
		}
	}
	for _, r := range to.to {
		if r.FromAnyone() || from.kin.from.has(r) {
			own = append(own, r)
		}
	}
	k.both = own
	return own
}

// concerned returns the policies that select a sender and a receiver, in the order in
// which they are asked.
func (k *Knowledge) concerned(from, to *party) []*linkspan.Policy {
	return policiesOf(inOrder(k.own(from, to), k.meet(from.kin, to.kin, linkspan.PolicyAllow).concerned))
}
