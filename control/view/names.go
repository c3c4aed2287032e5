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

// Hash is FNV-1a over the name, mixed with the network.
func (k nameKey) Hash() uint64 {
	h := uint64(14695981039346656037)
	for i := range len(k.name) {
		h = (h ^ uint64(k.name[i])) * 1099511628211
	}
	return hamt.Mix(h ^ uint64(k.network))
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
