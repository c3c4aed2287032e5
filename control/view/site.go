// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// sitesKey is two sites, the lower name first.
type sitesKey struct{ a, b string }

func sitesOf(a, b string) sitesKey { return sitesKey{min(a, b), max(a, b)} }

// Hash hashes both names; a byte that no name has stands between them.
func (k sitesKey) Hash() uint64 { return hamt.Mix(fnv(fnv(fnv(fnvOffset, k.a), "\x00"), k.b)) }

// Clear says whether traffic between two chassis' sites may go in clear text:
// within one site, or between two that the administrator named. A chassis that
// is not known is nowhere.
func (v *View) Clear(a, b linkspan.ChassisID) bool {
	x, y := v.Chassis(a), v.Chassis(b)
	return x != nil && y != nil && v.ClearSites(x.InSite(), y.InSite())
}

// ClearSites is Clear for two sites.
func (v *View) ClearSites(a, b string) bool {
	if a == b {
		return true
	}
	_, ok := v.clear.Get(sitesOf(a, b))
	return ok
}

// Clearances yields all clearances, in no useful order.
func (v *View) Clearances() iter.Seq[*linkspan.Clearance] { return values(v.clear) }

func (b *builder) setClearance(key sitesKey, c *linkspan.Clearance) {
	old, _ := b.clear.Get(key)
	switch {
	case old == nil && c == nil, same(old, c):
		return
	case c == nil:
		b.clear = b.clear.Delete(key)
	default:
		b.clear = b.clear.Put(key, c)
	}
	b.delta.Clearances = append(b.delta.Clearances, Changed[linkspan.Clearance]{old, c})
}
