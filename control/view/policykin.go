// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/binary"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// Kin is what policies say of all endpoints that are of one network and have the same of
// the labels that policies ask for: these differ in name and address alone. Thousands of
// containers may be of a few kinds, and what is found for one of them is found for all.
type Kin struct {
	From, To []*Rule // that select all of them, as senders and as receivers, in order
	from, to []hung  // that select those of them that have the right address
}

// wanted is a label that selectors ask for: how many do, and a number to know it by.
type wanted struct {
	count  int
	number uint64
}

// Hash hashes key and value.
func (l label) Hash() uint64 { return hamt.Mix(fnv(fnv(fnv(fnvOffset, l.key), "\x00"), l.value)) }

// want counts the labels that a rule asks for.
func (b *builder) want(r *Rule, by int) {
	for _, side := range [][]selector{r.from, r.to} {
		for i := range side {
			for _, l := range side[i].labels {
				b.wantLabel(l, by)
			}
		}
	}
}

func (b *builder) wantLabel(l label, by int) {
	w, there := b.policies.wanted.Get(l)
	if !there {
		b.policies.numbers++
		w.number = b.policies.numbers
	}
	if w.count += by; w.count == 0 {
		b.policies.wanted = b.policies.wanted.Delete(l)
		return
	}
	b.policies.wanted = b.policies.wanted.Put(l, w)
}

// AppendKin appends what an attached endpoint's kin have in common: in Views of one
// PolicyGeneration, endpoints of which the same is appended are kin.
func (v *View) AppendKin(to []byte, e *linkspan.Endpoint) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(e.Network))
	if v.policies.wanted.Len() == 0 {
		return to
	}
	var few [16]uint64
	numbers := few[:0]
	for key, value := range e.Labels {
		if w, ok := v.policies.wanted.Get(label{key, value}); ok {
			numbers = append(numbers, w.number)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		to = binary.BigEndian.AppendUint64(to, n)
	}
	return to
}

// KinOf returns what policies say of an endpoint's kin. It looks at all that hangs on its
// network, groups and labels.
func (v *View) KinOf(e *linkspan.Endpoint) *Kin {
	k, s := new(Kin), v.subject(PartyOf(e))
	v.kinHooks(&s, func(h *hook) {
		k.From, k.from = related(k.From, k.from, h.senders, &s)
		k.To, k.to = related(k.To, k.to, h.receivers, &s)
	})
	k.From, k.To = slices.Clip(ordered(k.From, 0)), slices.Clip(ordered(k.To, 0))
	return k
}

// related appends the rules that hang somewhere and select all of a subject's kin, and
// what of them selects some.
func related(all []*Rule, some, hung []hung, s *subject) ([]*Rule, []hung) {
	for _, one := range hung {
		switch {
		case !one.by.selectsKin(s):
		case one.by.cidr.IsValid():
			some = append(some, one)
		default:
			all = append(all, one.rule)
		}
	}
	return all, some
}

// AppendOwn appends the rules that select a party, but not all of its kin, which is that
// of the endpoint, or nil for a party without one: by what they say of senders and of
// receivers, each list in the order in which they are asked.
func (v *View) AppendOwn(from, to []*Rule, k *Kin, p Party) (senders, receivers []*Rule) {
	first, start := len(from), len(to)
	s := v.subject(p)
	v.ownHooks(&s, func(h *hook) { from, to = h.append(from, to, &s) })
	if k == nil {
		return ordered(from, first), ordered(to, start)
	}
	from, to = appendWithin(from, k.from, &s), appendWithin(to, k.to, &s)
	return unrelated(ordered(from, first), first, k.From), unrelated(ordered(to, start), start, k.To)
}

// appendWithin appends the rules of those whose addresses are right.
func appendWithin(rules []*Rule, some []hung, s *subject) []*Rule {
	for _, one := range some {
		if one.by.within(s) {
			rules = append(rules, one.rule)
		}
	}
	return rules
}

// unrelated drops from what was appended what is among the rules of all kin.
func unrelated(rules []*Rule, start int, kin []*Rule) []*Rule {
	own := slices.DeleteFunc(rules[start:], func(r *Rule) bool {
		_, there := slices.BinarySearchFunc(kin, r, (*Rule).Compare)
		return there
	})
	return rules[:start+len(own)]
}
