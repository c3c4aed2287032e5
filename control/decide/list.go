// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"cmp"
	"slices"

	"github.com/linkspan/linkspan/control/view"
)

// list is rules in the order in which they are asked, and the numbers of that order: to
// look through these no rule is touched.
type list struct {
	rules  []*view.Rule
	orders []uint64
}

func newList(rules []*view.Rule) list {
	l := list{rules, make([]uint64, len(rules))}
	for i, r := range rules {
		l.orders[i] = r.Order()
	}
	return l
}

// has says whether a rule is in the list.
func (l *list) has(r *view.Rule) bool {
	_, there := slices.BinarySearch(l.orders, r.Order())
	return there
}

// muchLonger is from how many times the length on a list is searched, and not read.
const muchLonger = 8

// appendCommon appends the rules that are in both of two lists, in order.
func (l *list) appendCommon(to []*view.Rule, o *list) []*view.Rule {
	short, long := l, o
	if len(short.orders) > len(long.orders) {
		short, long = long, short
	}
	rest, search := long.orders, len(long.orders) > muchLonger*len(short.orders)
	for i, order := range short.orders {
		n, there := 0, false
		if search {
			n, there = slices.BinarySearch(rest, order)
		} else {
			for n < len(rest) && rest[n] < order {
				n++
			}
			there = n < len(rest) && rest[n] == order
		}
		if rest = rest[n:]; there {
			to = append(to, short.rules[i])
		}
	}
	return to
}

// inOrder appends rules to others and brings all in order; none is in both.
func inOrder(to, rules []*view.Rule) []*view.Rule {
	to = append(to, rules...)
	slices.SortFunc(to, func(a, b *view.Rule) int { return cmp.Compare(a.Order(), b.Order()) })
	return to
}
