// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Anyone stands for a side of a policy that names nobody, and so means everybody.
const Anyone = -1

// Selecting returns which selector of each side of a policy selects two parties, as
// sender and receiver, counted from 0: the first that does, Anyone where the side has
// none. ok is false when one of the sides does not select its party.
func (v *View) Selecting(p *linkspan.Policy, sender, receiver Party) (from, to int, ok bool) {
	r := newRule(p)
	from, ok = v.selecting(r.from, sender)
	to, also := v.selecting(r.to, receiver)
	return from, to, ok && also
}

func (v *View) selecting(side []selector, p Party) (which int, ok bool) {
	if len(side) == 0 {
		return Anyone, true
	}
	s := v.subject(p)
	for i := range side {
		if side[i].selects(&s) {
			return i, true
		}
	}
	return 0, false
}
