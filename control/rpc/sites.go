// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
)

// maxNetworks bounds how many networks of two sites are named.
const maxNetworks = 64

// sites groups switches by where they are, both by name.
func sites(all []linkspan.Chassis) []*apiv1.Site {
	by := make(map[string]*apiv1.Site)
	for i := range all {
		name := all[i].InSite()
		if by[name] == nil {
			by[name] = &apiv1.Site{Name: name}
		}
		by[name].Switches = append(by[name].Switches, all[i].Name)
	}
	for _, s := range by {
		slices.Sort(s.Switches)
	}
	return slices.SortedFunc(maps.Values(by), func(x, y *apiv1.Site) int { return strings.Compare(x.Name, y.Name) })
}

// sitePairs returns the pairs of sites that share a network or have a clearance,
// by name.
func sitePairs(v *view.View, cleared []linkspan.Clearance) []*apiv1.SitePair {
	by := make(map[linkspan.Clearance]*apiv1.SitePair)
	pair := func(a, b string) *apiv1.SitePair {
		key := linkspan.ClearanceOf(a, b)
		if by[key] == nil {
			by[key] = &apiv1.SitePair{A: key.A, B: key.B}
		}
		return by[key]
	}
	for n := range v.Networks() {
		names := sitesOf(v, n.ID)
		for i, a := range names {
			for _, b := range names[i+1:] {
				p := pair(a, b)
				p.Networks = append(p.Networks, n.Name)
			}
		}
	}
	for _, c := range cleared {
		p := pair(c.A, c.B)
		p.Clear, p.Creator, p.Granted = true, c.Creator, timestamppb.New(c.Granted)
	}
	for _, p := range by {
		slices.Sort(p.Networks)
		p.Networks = p.Networks[:min(len(p.Networks), maxNetworks)]
	}
	return slices.SortedFunc(maps.Values(by), func(x, y *apiv1.SitePair) int {
		return cmp.Or(strings.Compare(x.A, y.A), strings.Compare(x.B, y.B))
	})
}

// sitesOf returns the sites that have endpoints of a network.
func sitesOf(v *view.View, id linkspan.NetworkID) []string {
	names := make(map[string]bool)
	for _, member := range members(v, id) {
		if c := v.Chassis(member); c != nil {
			names[c.InSite()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// RefusedSites returns the pairs of sites that share a network and whose traffic
// is refused.
func RefusedSites(v *view.View) []*apiv1.SitePair {
	return slices.DeleteFunc(sitePairs(v, nil), func(p *apiv1.SitePair) bool { return v.ClearSites(p.A, p.B) })
}
