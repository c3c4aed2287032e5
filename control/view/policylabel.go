// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// relabel enters e among the endpoints that have its labels, as far as policies
// hang on these, and takes old from there; both are of one key.
func (b *builder) relabel(old, e *linkspan.Endpoint) {
	if b.policies.labelled == 0 {
		return
	}
	if old != nil {
		for key, value := range old.Labels {
			if e != nil && has(e, label{key, value}) {
				continue // it is put again below
			}
			b.member(label{key, value}, func(set endpointSet) endpointSet { return set.Delete(KeyOf(old)) })
		}
	}
	if e != nil {
		for key, value := range e.Labels {
			b.member(label{key, value}, func(set endpointSet) endpointSet { return set.Put(KeyOf(e), e) })
		}
	}
}

func has(e *linkspan.Endpoint, l label) bool {
	value, ok := e.Labels[l.key]
	return ok && value == l.value
}

// member changes the endpoints of a label, if a policy hangs on it.
func (b *builder) member(l label, change func(endpointSet) endpointSet) {
	key := hookKey{kind: byLabel, name: l.key, value: l.value}
	if h, ok := b.policies.hooks.Get(key); ok {
		b.policies.hooks = b.policies.hooks.Put(key, &hook{h.senders, h.receivers, change(h.members)})
	}
}

// few is up to how many labels are looked up in each endpoint, rather than all of
// an endpoint's among many.
const few = 4

// enlist finds who has the labels that policies newly hang on. It is the one look
// at all endpoints that policies need: once for a label that no policy asked for
// before, however many policies come together.
func (b *builder) enlist() {
	if len(b.fresh) == 0 {
		return
	}
	wanted := make(map[label]endpointSet, len(b.fresh))
	for _, l := range b.fresh {
		wanted[l] = endpointSet{}
	}
	for key, e := range b.endpoints.All() {
		if len(wanted) <= few {
			for l, set := range wanted {
				if has(e, l) {
					wanted[l] = set.Put(key, e)
				}
			}
			continue
		}
		for name, value := range e.Labels {
			if set, ok := wanted[label{name, value}]; ok {
				wanted[label{name, value}] = set.Put(key, e)
			}
		}
	}
	for l, set := range wanted {
		b.member(l, func(endpointSet) endpointSet { return set })
	}
	b.fresh = nil
}
