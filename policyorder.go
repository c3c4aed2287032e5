// SPDX-License-Identifier: Apache-2.0

package linkspan

import "cmp"

// ComparePolicies returns less than 0 when a is asked before b: the greater
// priority first, of equal ones deny, then reject, then allow. Two policies of
// one priority and action are in the order of their numbers, which changes no
// verdict.
func ComparePolicies(a, b *Policy) int { return cmp.Compare(a.Order(), b.Order()) }

// Order returns a number that is less than another policy's where p is asked before
// it, as ComparePolicies says. No two policies of different numbers have the same.
func (p *Policy) Order() uint64 {
	return uint64(MaxPriority-p.Priority)<<48 | uint64(p.Action.rank())<<32 | uint64(p.ID)
}
