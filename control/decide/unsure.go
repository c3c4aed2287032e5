// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"slices"

	"github.com/linkspan/linkspan"
)

// guess returns what policies say of two parties of which it is not known what selects
// them, and whether that may become otherwise.
func (k *Knowledge) guess(from, to *party, otherwise linkspan.PolicyAction) *Rules {
	key := encounter[party]{from, to, otherwise}
	r, ok := k.guesses[key]
	if !ok {
		sure := k.concerned(from, to)
		r = NewRules(sure, otherwise)
		r.unsure = k.unsure(r, sure, from, to, otherwise)
		k.guesses[key] = r
		k.held += entrySize + r.size()
	}
	return r
}

// unsure says whether some packets may get another verdict than r, which was made of
// the policies that concern two parties for sure, once it is known of which containers
// they are. It makes rules three times at most: a packet is decided otherwise if one of
// the policies that may concern the two decides it so, and those of one action are
// added at a time.
func (k *Knowledge) unsure(r *Rules, sure []*linkspan.Policy, from, to *party, otherwise linkspan.PolicyAction) bool {
	all := k.concerned(from.atMost(), to.atMost())
	if len(all) == len(sure) {
		return false
	}
	for action := linkspan.PolicyAllow; action <= linkspan.PolicyReject; action++ {
		some := slices.DeleteFunc(slices.Clone(all), func(p *linkspan.Policy) bool {
			return p.Action != action && !slices.Contains(sure, p)
		})
		if slices.ContainsFunc(Effects(r, NewRules(some, otherwise)), Effect.Changed) {
			return true
		}
	}
	return false
}

// unknown says that more may select the party.
func (p *party) unknown() bool { return len(p.mayFrom)+len(p.mayTo) > 0 }

// atMost is what selects the party if all does that may.
func (p *party) atMost() *party {
	return &party{
		kin:  p.kin,
		from: inOrder(slices.Clone(p.from), p.mayFrom), to: inOrder(slices.Clone(p.to), p.mayTo),
	}
}

// Unsure says that what is not known yet of a party may make some of it otherwise.
func (r *Rules) Unsure() bool { return r.unsure }
