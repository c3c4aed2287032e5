// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"encoding/binary"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// A Book says what the policies of a View say of packets from one party to another,
// and otherwise what becomes of those of which none speaks. The Rules may be kept as
// long as that is the View.
type Book interface {
	Rules(v *view.View, from, to view.Party, otherwise linkspan.PolicyAction) *Rules
}

// Knowledge is a Book that remembers the parties that it was asked about, and what
// policies say of them. Endpoints of one network and with the same of the labels that
// policies ask for are kin: what is said of two of them is said of all, but for
// policies about single names and addresses, of which each endpoint has few.
//
// It is good for one View after another and forgets by itself what changed; how much
// it holds is bounded. It is of one caller at a time. The zero Knowledge is ready.
type Knowledge struct {
	generation uint64
	discarded  uint64 // of the View that it began with
	held       int    // what it holds, roughly, in bytes

	endpoints map[*linkspan.Endpoint]*party
	outside   map[netip.Addr]*party
	parties   map[string]*party // by kin and what else selects them
	kin       map[string]*kin   // by what they have in common
	meetings  map[encounter[kin]]*meeting
	guesses   map[encounter[party]]*Rules // of parties that are not known for sure
	rules     map[string]*Rules           // by the numbers of the policies that concern a pair
	open      []*view.Rule                // from anyone to anyone
	none      [linkspan.PolicyReject + 1]*Rules

	senders, receivers, both []*view.Rule // scratch
	text                     []byte
}

var _ Book = (*Knowledge)(nil)

// encounter is one that sends to another, and what becomes of packets of which no
// policy speaks.
type encounter[T any] struct {
	from, to  *T
	otherwise linkspan.PolicyAction
}

// The most that is held before all is forgotten, in bytes: of what was found, and of
// records of endpoints that are in no View any more.
const (
	maxHeld      = 64 << 20
	maxDiscarded = 16 << 20
)

// Rules returns what the policies of v say.
func (k *Knowledge) Rules(v *view.View, from, to view.Party, otherwise linkspan.PolicyAction) *Rules {
	k.renew(v)
	if v.CountPolicies() == 0 {
		return k.none[otherwise]
	}
	a, b := k.identify(v, from), k.identify(v, to)
	if a.unknown() || b.unknown() {
		return k.guess(a, b, otherwise)
	}
	m := k.meet(a.kin, b.kin, otherwise)
	if own := k.own(a, b); len(own) > 0 {
		k.both = inOrder(own, m.concerned)
		return k.say(k.both, otherwise)
	}
	return m.said
}

// Behind says that v is of before what is known: to be asked about it all would be
// forgotten that is known of what came later.
func (k *Knowledge) Behind(v *view.View) bool {
	return k.endpoints != nil && v.PolicyGeneration() < k.generation
}

// renew forgets what is not of v, or too much.
func (k *Knowledge) renew(v *view.View) {
	if k.endpoints == nil || k.generation != v.PolicyGeneration() || k.held > maxHeld || v.Discarded()-k.discarded > maxDiscarded {
		k.forget(v)
	}
}

// forget begins anew for a View.
func (k *Knowledge) forget(v *view.View) {
	*k = Knowledge{
		generation: v.PolicyGeneration(), discarded: v.Discarded(), open: v.AppendOpenRules(nil),
		endpoints: make(map[*linkspan.Endpoint]*party), outside: make(map[netip.Addr]*party),
		parties: make(map[string]*party), kin: make(map[string]*kin),
		meetings: make(map[encounter[kin]]*meeting), guesses: make(map[encounter[party]]*Rules), rules: make(map[string]*Rules),
		senders: k.senders[:0], receivers: k.receivers[:0], both: k.both[:0], text: k.text[:0],
	}
	for action := range k.none {
		k.none[action] = NewRules(nil, linkspan.PolicyAction(action))
	}
}

// say returns the Rules that policies make, which are in order; those that say the same
// are one.
func (k *Knowledge) say(concerned []*view.Rule, otherwise linkspan.PolicyAction) *Rules {
	k.text = append(k.text[:0], byte(otherwise))
	for _, r := range concerned {
		k.text = binary.BigEndian.AppendUint32(k.text, uint32(r.Policy.ID))
	}
	r, ok := k.rules[string(k.text)]
	if !ok {
		r = NewRules(policiesOf(concerned), otherwise)
		k.rules[string(k.text)] = r
		k.held += entrySize + len(k.text) + r.size()
	}
	return r
}

// policiesOf returns the policies of rules.
func policiesOf(rules []*view.Rule) []*linkspan.Policy {
	policies := make([]*linkspan.Policy, len(rules))
	for i, r := range rules {
		policies[i] = r.Policy
	}
	return policies
}

// Roughly the bytes of an entry in a map with its value, and of a rule in a list.
const (
	entrySize = 192
	ruleSize  = 16
)
