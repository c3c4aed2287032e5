// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan/control/view/hamt"

// Reaching is what of a View [View.Reach] and [View.Bridged] are made from, to be kept
// without the rest of it.
type Reaching struct {
	networks   Networks
	generation uint64 // of policies and groups
	links      links  // and whom they are about; the zero value where there are none
}

// Reaching returns it of v.
func (v *View) Reaching() Reaching {
	r := Reaching{networks: v.AllNetworks(), generation: v.PolicyGeneration()}
	if v.AnyLinks() {
		r.links = v.links
	}
	return r
}

// Alters says whether a network of one host may lead elsewhere than an earlier View said,
// from which this one was made. It costs the size of the difference.
func (r Reaching) Alters(earlier Reaching) bool {
	for range r.networks.Since(earlier.networks) {
		return true
	}
	if r.generation != earlier.generation {
		return true
	}
	for range hamt.Changed(earlier.links.all, r.links.all) {
		return true
	}
	for who := range hamt.Changed(earlier.links.containers, r.links.containers) {
		if list, _ := r.links.of.Get(who); len(list) > 0 {
			return true
		}
	}
	return false
}
