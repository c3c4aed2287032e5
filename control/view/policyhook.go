// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan/control/view/hamt"
)

// hookKey is something that an endpoint has and that a selector hangs on: one of
// its fields, one that few endpoints have or on which little hangs. Whoever asks which
// policies select an endpoint looks at the hooks that it has, and not at all policies.
type hookKey struct {
	kind   hookKind
	name   string // of a container, a network, a group; the key of a label
	value  string // of a label
	prefix netip.Prefix
}

type hookKind uint8

// The kinds of hooks, those that select few first.
const (
	byContainer hookKind = iota + 1
	byLabel
	byPrefix
	byNetwork
	byGroup
)

// Hash hashes all but the length of a prefix.
func (k hookKey) Hash() uint64 {
	h := fnv(fnv(fnv(fnvOffset^uint64(k.kind), k.name), "\x00"), k.value)
	if k.kind == byPrefix {
		h ^= Key{Address: k.prefix.Addr()}.Hash()
	}
	return hamt.Mix(h)
}

// hook is what hangs on a hookKey. It is never changed.
type hook struct {
	senders, receivers []hung      // that hang on it with that side, in order
	members            endpointSet // of a label: the endpoints that have it
}

// hung is a rule that hangs somewhere with a selector of one of its sides.
type hung struct {
	rule *Rule
	by   *selector
}

func (h *hook) count() int { return len(h.senders) + len(h.receivers) }

// prefixLength is the length of a prefix in bits, that of IPv6 above all of IPv4.
type prefixLength int

// Hash mixes it.
func (l prefixLength) Hash() uint64 { return hamt.Mix(uint64(l)) }

// lengthOf returns the length of a prefix.
func lengthOf(p netip.Prefix) prefixLength {
	if p.Addr().Is4() {
		return prefixLength(p.Bits())
	}
	return prefixLength(64 + p.Bits())
}

// prefix returns the prefix of that length that holds an address.
func (l prefixLength) prefix(a netip.Addr) (netip.Prefix, bool) {
	bits := int(l)
	if bits >= 64 {
		bits -= 64
	}
	p, err := a.Prefix(bits)
	return p, err == nil && a.Is4() == (l < 64)
}

// crowded is from how many rules on a label a selector rather hangs on something
// else that it says. Labels are preferred, as those who have one are listed.
const crowded = 64

// choose says what the selectors of a new rule hang on: the label on which the
// fewest rules do, as each of them is looked at for each endpoint that has it. A
// container's name is always good enough; it may have two readings.
func (b *builder) choose(side []selector) {
	for i := range side {
		s := &side[i]
		for j := range s.names {
			s.hooks = append(s.hooks, hookKey{kind: byContainer, name: s.names[j].Container})
		}
		if len(s.hooks) == 0 {
			s.hooks = []hookKey{b.leastUsed(s)}
		}
	}
}

func (b *builder) leastUsed(s *selector) (best hookKey) {
	least := -1
	consider := func(key hookKey, enough int) {
		h, _ := b.policies.hooks.Get(key)
		n := 0
		if h != nil {
			n = h.count()
		}
		if least < 0 || least >= enough && n < least {
			best, least = key, n
		}
	}
	for _, l := range s.labels {
		consider(hookKey{kind: byLabel, name: l.key, value: l.value}, 0)
	}
	if s.cidr.IsValid() {
		consider(hookKey{kind: byPrefix, prefix: s.cidr}, crowded)
	}
	if s.network != "" {
		consider(hookKey{kind: byNetwork, name: s.network}, crowded)
	}
	if s.group != "" {
		consider(hookKey{kind: byGroup, name: s.group}, crowded)
	}
	return best
}

// ownHooks yields what s alone has of what policies hang on: by its name and address.
func (v *View) ownHooks(s *subject, yield func(*hook)) {
	for length := range v.policies.lengths.All() {
		if prefix, ok := length.prefix(s.Address); ok {
			v.hooked(hookKey{kind: byPrefix, prefix: prefix}, yield)
		}
	}
	if s.Endpoint != nil {
		v.hooked(hookKey{kind: byContainer, name: s.Endpoint.Container}, yield)
	}
}

// kinHooks yields what s, an endpoint, shares with its kin of what policies hang on.
func (v *View) kinHooks(s *subject, yield func(*hook)) {
	if v.policies.labelled > 0 {
		for key, value := range s.Endpoint.Labels {
			v.hooked(hookKey{kind: byLabel, name: key, value: value}, yield)
		}
	}
	v.hooked(hookKey{kind: byNetwork, name: s.network()}, yield)
	for _, group := range s.groups {
		v.hooked(hookKey{kind: byGroup, name: group.Name}, yield)
	}
}

// hooked yields the hook of a key, if policies hang on it.
func (v *View) hooked(key hookKey, yield func(*hook)) {
	if h, ok := v.policies.hooks.Get(key); ok {
		yield(h)
	}
}

// hook hangs a new rule up.
func (b *builder) hook(r *Rule) {
	b.choose(r.from)
	b.choose(r.to)
	if r.FromAnyone() && r.ToAnyone() {
		b.policies.open = b.policies.open.Put(policyKey(r.Policy.ID), r)
	}
	if r.asking() {
		b.policies.asking = b.policies.asking.Put(policyKey(r.Policy.ID), r)
	}
	b.hang(r.from, func(h *hook, by *selector) { h.senders = withHung(h.senders, hung{r, by}) })
	b.hang(r.to, func(h *hook, by *selector) { h.receivers = withHung(h.receivers, hung{r, by}) })
	b.want(r, +1)
}

// unhook takes it down.
func (b *builder) unhook(r *Rule) {
	id := policyKey(r.Policy.ID)
	if now, _ := b.policies.open.Get(id); now == r {
		b.policies.open = b.policies.open.Delete(id)
	}
	if now, _ := b.policies.asking.Get(id); now == r {
		b.policies.asking = b.policies.asking.Delete(id)
	}
	b.hang(r.from, func(h *hook, by *selector) { h.senders = withoutHung(h.senders, hung{r, by}) })
	b.hang(r.to, func(h *hook, by *selector) { h.receivers = withoutHung(h.receivers, hung{r, by}) })
	b.want(r, -1)
}

// hang changes all that a side hangs on.
func (b *builder) hang(side []selector, change func(*hook, *selector)) {
	for i := range side {
		for _, key := range side[i].hooks {
			old, there := b.policies.hooks.Get(key)
			var now hook
			if there {
				now = *old
			}
			change(&now, &side[i])
			switch {
			case now.count() > 0:
				b.policies.hooks = b.policies.hooks.Put(key, &now)
				if !there {
					b.newHook(key)
				}
			case there:
				b.policies.hooks = b.policies.hooks.Delete(key)
				b.oldHook(key)
			}
		}
	}
}

// withHung returns a copy of what hangs somewhere that has one more, in order.
func withHung(all []hung, one hung) []hung {
	i, _ := slices.BinarySearchFunc(all, one.rule, func(h hung, r *Rule) int { return h.rule.Compare(r) })
	return slices.Insert(slices.Clip(all), i, one)
}

// withoutHung returns a copy of what hangs somewhere that does not have one of it, but
// may have what has taken its place.
func withoutHung(all []hung, one hung) []hung {
	i := slices.Index(all, one)
	if i < 0 {
		return all
	}
	return slices.Delete(slices.Clone(all), i, i+1)
}

// oldHook counts a hook that there is no more.
func (b *builder) oldHook(key hookKey) {
	switch key.kind {
	case byLabel:
		b.policies.labelled--
	case byPrefix:
		b.countLength(lengthOf(key.prefix), -1)
	}
}

// newHook counts a hook that there was not.
func (b *builder) newHook(key hookKey) {
	switch key.kind {
	case byLabel:
		b.policies.labelled++
		b.fresh = append(b.fresh, label{key.name, key.value})
	case byPrefix:
		b.countLength(lengthOf(key.prefix), +1)
	}
}

func (b *builder) countLength(l prefixLength, by int) {
	before, _ := b.policies.lengths.Get(l)
	if before+by == 0 {
		b.policies.lengths = b.policies.lengths.Delete(l)
	} else {
		b.policies.lengths = b.policies.lengths.Put(l, before+by)
	}
}
