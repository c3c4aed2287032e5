// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Len returns how many networks, endpoints and chassis there are; the reservations of
// second addresses do not count, nor do faces. It costs the same whatever their number.
func (v *View) Len() (networks, endpoints, chassis int) {
	return v.networks.Len(), v.endpoints.Len() - v.seconds.leases.Len(), v.chassis.Len()
}

// CountOwned returns how many endpoints a chassis has, reserved or attached. It
// costs the same whatever their number.
func (v *View) CountOwned(id linkspan.ChassisID) int {
	all, _ := v.owned.Get(chassisKey(id))
	return all.attached.Len() + all.others.Len()
}

// Discarded returns how many bytes the records of endpoints have, roughly, that were
// replaced or removed between the first View and this one. Who knows endpoints by their
// records keeps these alive, and can tell by the difference how much that may be. Of two
// Views, of which one was made from the other, it is the same only if every record that
// the earlier one has is in the later one, too.
func (v *View) Discarded() uint64 { return v.discarded }

// discard counts a record that is in the next View no more; nil is none.
func (b *builder) discard(e *linkspan.Endpoint) {
	if e == nil {
		return
	}
	const record, text = 512, 32 // and what keeps each text
	size := record + text*(2*len(e.Labels)+len(e.Aliases)+len(e.Published))
	for key, value := range e.Labels {
		size += len(key) + len(value)
	}
	for _, list := range [][]string{e.Aliases, e.Published} {
		for _, s := range list {
			size += len(s)
		}
	}
	b.discarded += uint64(size)
}
