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

// Named yields the attached endpoints of a network that bear a name, as that of
// their container or as an alias, in any case and in no useful order.
func (v *View) Named(network linkspan.NetworkID, name string) iter.Seq[*linkspan.Endpoint] {
	set, _ := v.names.Get(nameKey{network, strings.ToLower(name)})
	return values(set)
}

// rename enters the names of e, and takes those of old away; both are of one
// key, and either may be nil.
func (b *builder) rename(old, e *linkspan.Endpoint) {
	if old != nil {
		for name := range old.Names() {
			key := nameKey{old.Network, name}
			set, _ := b.names.Get(key)
			b.names = putOrDelete(b.names, key, set.Delete(KeyOf(old)))
		}
	}
	if e != nil {
		for name := range e.Names() {
			key := nameKey{e.Network, name}
			set, _ := b.names.Get(key)
			b.names = b.names.Put(key, set.Put(KeyOf(e), e))
		}
	}
}
