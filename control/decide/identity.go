// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"encoding/binary"
	"slices"

	"github.com/linkspan/linkspan/control/view"
)

// kin is what policies say of all of a kind of parties: of endpoints that are kin, or of
// addresses outside that the same policies select. Those that mean anyone on the other
// side have a list of their own as well.
type kin struct {
	number         uint32
	of             *view.Kin // nil outside
	from, to       list
	anyTo, anyFrom []*view.Rule // of from those to anyone, of to those from anyone
}

// party is what selects a party: what selects its kin, what selects it besides, and what
// may, once it is known of which container it is.
type party struct {
	kin                      *kin
	from, to, mayFrom, mayTo []*view.Rule
}

// identify returns what selects a party.
func (k *Knowledge) identify(v *view.View, p view.Party) *party {
	if p.Endpoint != nil {
		if known, ok := k.endpoints[p.Endpoint]; ok {
			return known
		}
	} else if known, ok := k.outside[p.Address]; ok {
		return known
	}
	learned := k.learn(v, p)
	if k.held += entrySize; p.Endpoint != nil {
		k.endpoints[p.Endpoint] = learned
	} else {
		k.outside[p.Address] = learned
	}
	return learned
}

// learn asks the View who selects a party. Parties of which it says the same are one.
func (k *Knowledge) learn(v *view.View, p view.Party) *party {
	if p.Endpoint == nil {
		return k.learnOutside(v, p)
	}
	of := k.kinOf(v, p)
	k.senders, k.receivers = v.AppendOwn(k.senders[:0], k.receivers[:0], of.of, p)
	is := party{kin: of, from: k.senders, to: k.receivers}
	is.mayFrom, is.mayTo = v.AppendPossible(nil, nil, p)
	k.text = binary.BigEndian.AppendUint32(k.text[:0], of.number)
	for _, rules := range [...][]*view.Rule{is.from, is.to, is.mayFrom, is.mayTo} {
		k.appendNumbers(rules)
	}
	return k.one(is)
}

// learnOutside is learn for an address outside, whose kin are those that the same
// policies select.
func (k *Knowledge) learnOutside(v *view.View, p view.Party) *party {
	k.senders, k.receivers = v.AppendOwn(k.senders[:0], k.receivers[:0], nil, p)
	k.text = binary.BigEndian.AppendUint32(k.text[:0], 0) // no network has that number, and no kin
	k.appendNumbers(k.senders)
	k.appendNumbers(k.receivers)
	if known, ok := k.parties[string(k.text)]; ok {
		return known
	}
	return k.one(party{kin: k.newKin(nil, slices.Clone(k.senders), slices.Clone(k.receivers))})
}

// one returns the party that is known by the text, or makes it.
func (k *Knowledge) one(is party) *party {
	known, ok := k.parties[string(k.text)]
	if !ok {
		is.from, is.to = slices.Clone(is.from), slices.Clone(is.to)
		known = &is
		k.parties[string(k.text)] = known
		k.held += entrySize + len(k.text) + ruleSize*(len(is.from)+len(is.to)+len(is.mayFrom)+len(is.mayTo))
	}
	return known
}

// kinOf returns the kin of an endpoint.
func (k *Knowledge) kinOf(v *view.View, p view.Party) *kin {
	k.text = v.AppendKin(k.text[:0], p.Endpoint)
	of, ok := k.kin[string(k.text)]
	if !ok {
		said := v.KinOf(p.Endpoint)
		of = k.newKin(said, said.From, said.To)
		k.kin[string(k.text)] = of
		k.held += entrySize + len(k.text)
	}
	return of
}

// newKin makes kin of the rules that select them.
func (k *Knowledge) newKin(of *view.Kin, from, to []*view.Rule) *kin {
	all := &kin{number: uint32(len(k.kin) + 1), of: of, from: newList(from), to: newList(to)}
	for _, r := range from {
		if r.ToAnyone() {
			all.anyTo = append(all.anyTo, r)
		}
	}
	for _, r := range to {
		if r.FromAnyone() {
			all.anyFrom = append(all.anyFrom, r)
		}
	}
	k.held += entrySize + 2*ruleSize*(len(from)+len(to))
	return all
}

// appendNumbers appends the numbers of policies to the text.
func (k *Knowledge) appendNumbers(rules []*view.Rule) {
	for _, r := range rules {
		k.text = binary.BigEndian.AppendUint32(k.text, uint32(r.Policy.ID))
	}
	k.text = binary.BigEndian.AppendUint32(k.text, 0) // no policy has that number
}
