// SPDX-License-Identifier: Apache-2.0

package view

import (
	"bytes"
	"iter"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// policies is what a View has of policies. Who is selected by which is not kept
// but for labels: a policy is found by what it hangs on (see hookKey), so that
// storing one costs the size of itself.
type policies struct {
	rules      hamt.Map[policyKey, *Rule]
	open       hamt.Map[policyKey, *Rule] // from anyone to anyone
	asking     hamt.Map[policyKey, *Rule] // for what Docker tells of a container: labels and name
	hooks      hamt.Map[hookKey, *hook]
	wanted     hamt.Map[label, wanted]     // that selectors ask for
	numbers    uint64                      // of wanted labels, so far
	labelled   int                         // hooks that are labels
	allowing   int                         // rules that allow
	lengths    hamt.Map[prefixLength, int] // of prefixes that are hooks: how many
	unknown    endpointSet                 // attached endpoints of which Docker has yet to tell the container
	generation uint64
}

// policyKey keys maps by number.
type policyKey linkspan.PolicyID

// Hash mixes the number.
func (k policyKey) Hash() uint64 { return hamt.Mix(uint64(k)) }

// Policy returns the policy of a number, or nil.
func (v *View) Policy(id linkspan.PolicyID) *linkspan.Policy {
	if r, ok := v.policies.rules.Get(policyKey(id)); ok {
		return r.Policy
	}
	return nil
}

// Policies yields all policies, in no useful order.
func (v *View) Policies() iter.Seq[*linkspan.Policy] {
	return func(yield func(*linkspan.Policy) bool) {
		for _, r := range v.policies.rules.All() {
			if !yield(r.Policy) {
				return
			}
		}
	}
}

// CountPolicies returns how many there are. It costs the same whatever their
// number.
func (v *View) CountPolicies() int { return v.policies.rules.Len() }

// AnyPolicyAllows says whether there is a policy that allows anything.
func (v *View) AnyPolicyAllows() bool { return v.policies.allowing > 0 }

// PolicyGeneration is the same in two Views, of which one was made from the other,
// only if every endpoint that is the same record in both is selected by the same
// policies: what was learned of it holds.
func (v *View) PolicyGeneration() uint64 { return v.policies.generation }

// AppendRules appends the rules that select a party by what they say of senders
// and of receivers, each list in the order in which they are asked. Those that
// mean anyone on that side are not among them: Rule.FromAnyone, Rule.ToAnyone,
// AppendOpenRules.
func (v *View) AppendRules(from, to []*Rule, p Party) (senders, receivers []*Rule) {
	first, start := len(from), len(to)
	s := v.subject(p)
	each := func(h *hook) { from, to = h.append(from, to, &s) }
	v.ownHooks(&s, each)
	if p.Endpoint != nil {
		v.kinHooks(&s, each)
	}
	return ordered(from, first), ordered(to, start)
}

// append appends the rules that hang here with a selector that selects a subject.
func (h *hook) append(from, to []*Rule, s *subject) (senders, receivers []*Rule) {
	for _, one := range h.senders {
		if one.by.selects(s) {
			from = append(from, one.rule)
		}
	}
	for _, one := range h.receivers {
		if one.by.selects(s) {
			to = append(to, one.rule)
		}
	}
	return from, to
}

// AppendOpenRules appends the rules from anyone to anyone, in order.
func (v *View) AppendOpenRules(to []*Rule) []*Rule {
	start := len(to)
	for _, r := range v.policies.open.All() {
		to = append(to, r)
	}
	return ordered(to, start)
}

// ordered sorts what was appended and drops what was found twice.
func ordered(rules []*Rule, start int) []*Rule {
	added := rules[start:]
	slices.SortFunc(added, (*Rule).Compare)
	return rules[:start+len(slices.Compact(added))]
}

// Reselected says whether a change of an endpoint's record, from one View to the
// next, changes which policies select it, or may.
func Reselected(old, next *View, c Changed[linkspan.Endpoint]) bool {
	if c.Old == nil || c.New == nil {
		return true
	}
	if old.CountPolicies() == 0 && next.CountPolicies() == 0 {
		return false
	}
	if old.PolicyGeneration() == next.PolicyGeneration() && alike(old, next, c) {
		return false
	}
	x, y := old.AppendRules(nil, nil, PartyOf(c.Old))
	f, t := next.AppendRules(nil, nil, PartyOf(c.New))
	if !slices.Equal(x, f) || !slices.Equal(y, t) {
		return true
	}
	x, y = old.AppendPossible(nil, nil, PartyOf(c.Old))
	f, t = next.AppendPossible(nil, nil, PartyOf(c.New))
	return !slices.Equal(x, f) || !slices.Equal(y, t)
}

// alike says that two records of an endpoint are the same in all that policies ask for.
func alike(old, next *View, c Changed[linkspan.Endpoint]) bool {
	return c.Old.Container == c.New.Container && c.Old.Chassis == c.New.Chassis && c.Old.Undescribed == c.New.Undescribed &&
		bytes.Equal(old.AppendKin(nil, c.Old), next.AppendKin(nil, c.New))
}

// setPolicy puts p under its number, or removes the number when p is nil.
func (b *builder) setPolicy(id linkspan.PolicyID, p *linkspan.Policy) {
	old, _ := b.policies.rules.Get(policyKey(id))
	switch {
	case old == nil && p == nil, old != nil && same(old.Policy, p):
		return
	case p == nil:
		b.policies.rules = b.policies.rules.Delete(policyKey(id))
	default:
		r := newRule(p)
		b.policies.rules = b.policies.rules.Put(policyKey(id), r)
		b.hook(r)
	}
	change := Changed[linkspan.Policy]{New: p}
	if old != nil { // after the new one, so that what both hang on stays
		b.unhook(old)
		change.Old = old.Policy
	}
	b.cuts.cutPolicy(change.Old, p)
	b.policies.allowing += allowing(p) - allowing(change.Old)
	b.policies.generation++
	b.delta.Policies = append(b.delta.Policies, change)
}

// allowing counts a policy that allows.
func allowing(p *linkspan.Policy) int {
	if p != nil && p.Action == linkspan.PolicyAllow {
		return 1
	}
	return 0
}
