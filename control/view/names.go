// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// nameKey is a name in a network, in lower case.
type nameKey struct {
	network linkspan.NetworkID
	name    string
}

// Hash is that of the name, mixed with the network.
func (k nameKey) Hash() uint64 { return hamt.Mix(fnv(fnvOffset, k.name) ^ uint64(k.network)) }

// fnvOffset begins an FNV-1a hash of 64 bits.
const fnvOffset uint64 = 14695981039346656037

// fnv takes a text into an FNV-1a hash.
func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// bearers are the endpoints that bear a name. Most names have one, for which
// alone there is no set.
type bearers struct {
	one  *linkspan.Endpoint
	more *endpointSet // the others; nil: none
}

// Named yields the joined endpoints of a network that bear a name, as that of
// their container or as an alias, in any case and in no useful order.
func (v *View) Named(network linkspan.NetworkID, name string) iter.Seq[*linkspan.Endpoint] {
	all, _ := v.names.Get(nameKey{network, strings.ToLower(name)})
	return func(yield func(*linkspan.Endpoint) bool) {
		if all.one != nil && !yield(all.one) || all.more == nil {
			return
		}
		for e := range values(*all.more) {
			if !yield(e) {
				return
			}
		}
	}
}

// rename enters the names of e, and takes those of old away; both are of one
// key, and either may be nil.
func (b *builder) rename(old, e *linkspan.Endpoint) {
	if old != nil {
		for name := range old.Names() {
			b.unname(nameKey{old.Network, name}, KeyOf(old))
		}
	}
	if e != nil {
		for name := range e.Names() {
			b.name(nameKey{e.Network, name}, e)
		}
	}
}

// name enters a bearer, who is not there.
func (b *builder) name(name nameKey, e *linkspan.Endpoint) {
	all, _ := b.names.Get(name)
	if all.one == nil {
		all.one = e
	} else {
		var set endpointSet
		if all.more != nil {
			set = *all.more
		}
		set = set.Put(KeyOf(e), e)
		all.more = &set
	}
	b.names = b.names.Put(name, all)
}

// unname takes a bearer away.
func (b *builder) unname(name nameKey, key Key) {
	all, _ := b.names.Get(name)
	var set endpointSet
	if all.more != nil {
		set = *all.more
	}
	if all.one != nil && KeyOf(all.one) == key {
		all.one = nil
		for _, e := range set.All() { // any of the others
			all.one, key = e, KeyOf(e)
			break
		}
	}
	set = set.Delete(key)
	if all.more = &set; set.Len() == 0 {
		all.more = nil
	}
	if all.one == nil {
		b.names = b.names.Delete(name)
	} else {
		b.names = b.names.Put(name, all)
	}
}
