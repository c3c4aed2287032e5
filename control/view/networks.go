// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// Networks are the networks of a View, to be kept without the rest of it. The
// zero value has none.
type Networks struct {
	all hamt.Map[networkKey, *linkspan.Network]
}

// AllNetworks returns the networks of v.
func (v *View) AllNetworks() Networks { return Networks{v.networks} }

// Since yields what is different from an earlier View's networks: each network
// that is new or has changed, and nil for one that is gone. It costs the size of
// the difference.
func (n Networks) Since(earlier Networks) iter.Seq2[linkspan.NetworkID, *linkspan.Network] {
	return func(yield func(linkspan.NetworkID, *linkspan.Network) bool) {
		for id := range hamt.Changed(earlier.all, n.all) {
			before, _ := earlier.all.Get(id)
			now, _ := n.all.Get(id)
			if before != now && !yield(linkspan.NetworkID(id), now) {
				return
			}
		}
	}
}
