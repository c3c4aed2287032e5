// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"

	"github.com/linkspan/linkspan"
)

// Share says whether two chassis have attached endpoints of one network, and so
// are peers. It costs a look at the networks of the one that has fewer.
func (v *View) Share(a, b linkspan.ChassisID) bool {
	x, _ := v.presence.Get(chassisKey(a))
	y, _ := v.presence.Get(chassisKey(b))
	if x.Len() > y.Len() {
		x, y = y, x
	}
	for network := range x.All() {
		if _, both := y.Get(network); both {
			return a != b
		}
	}
	return false
}

// Peers yields the peers of a chassis, each once, in no useful order.
func (v *View) Peers(id linkspan.ChassisID) iter.Seq[linkspan.ChassisID] {
	return func(yield func(linkspan.ChassisID) bool) {
		seen := map[linkspan.ChassisID]bool{id: true}
		for network := range v.Present(id) {
			for other := range v.Members(network) {
				if !seen[other] {
					seen[other] = true
					if !yield(other) {
						return
					}
				}
			}
		}
	}
}
