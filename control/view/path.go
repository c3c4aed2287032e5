// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/linkspan/linkspan"

// Paths returns the direct paths that a chassis has proved, or nil.
func (v *View) Paths(from linkspan.ChassisID) *linkspan.Paths {
	p, _ := v.paths.Get(chassisKey(from))
	return p
}

// Path says whether two chassis have both proved the direct path to each other.
func (v *View) Path(a, b linkspan.ChassisID) bool {
	return v.Paths(a).Proved(b) && v.Paths(b).Proved(a)
}

func (b *builder) setPaths(from linkspan.ChassisID, p *linkspan.Paths) {
	old := b.Paths(from)
	switch {
	case old == nil && p == nil, same(old, p):
		return
	case p == nil:
		b.paths = b.paths.Delete(chassisKey(from))
	default:
		b.paths = b.paths.Put(chassisKey(from), p)
	}
	b.delta.Paths = append(b.delta.Paths, Changed[linkspan.Paths]{old, p})
}

// Pair is two chassis, the lower number first.
type Pair struct{ A, B linkspan.ChassisID }

// PairOf returns the pair of two chassis, given in either order.
func PairOf(a, b linkspan.ChassisID) Pair { return Pair{min(a, b), max(a, b)} }

// PathPairs returns the pairs of chassis of which one proved the path to the
// other, or does not any more.
func (d *Delta) PathPairs() map[Pair]bool {
	pairs := make(map[Pair]bool)
	for _, c := range d.Paths {
		from := c.Any().From
		for _, side := range [2][2]*linkspan.Paths{{c.Old, c.New}, {c.New, c.Old}} {
			if side[0] == nil {
				continue
			}
			for _, to := range side[0].To {
				if !side[1].Proved(to) {
					pairs[PairOf(from, to)] = true
				}
			}
		}
	}
	return pairs
}
