// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func paths(from linkspan.ChassisID, to ...linkspan.ChassisID) view.Change {
	return view.PutPaths(&linkspan.Paths{From: from, To: to})
}

func at(id linkspan.ChassisID, site string) view.Change {
	return view.PutChassis(&linkspan.Chassis{ID: id, Name: "h", Site: site})
}

func wishing(t linkspan.Transport) view.Change {
	return view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Transport: t})
}

func TestTransport(t *testing.T) {
	near := []view.Change{paths(1, 2), paths(2, 1)}
	clearance := linkspan.ClearanceOf("ams", linkspan.DefaultSite)
	overlap := view.PutNetwork(&linkspan.Network{ID: 8, Subnet: netip.MustParsePrefix("10.0.0.0/8")})
	elsewhere := view.PutNetwork(&linkspan.Network{ID: 8, Subnet: netip.MustParsePrefix("10.8.0.0/16")})
	cases := map[string]struct {
		changes []view.Change
		want    linkspan.Transport
		why     Reason
	}{
		"nothing proved":                 {nil, linkspan.Tunnel, NoPath},
		"proved by one":                  {near[:1], linkspan.Tunnel, NoPath},
		"proved by both":                 {near, linkspan.Direct, NoReason},
		"another network elsewhere":      {append(near[:2:2], elsewhere), linkspan.Direct, NoReason},
		"overlap":                        {append(near[:2:2], overlap), linkspan.Tunnel, NetworkOverlaps},
		"must be tunnel":                 {append(near[:2:2], wishing(linkspan.Tunnel)), linkspan.Tunnel, TunnelWanted},
		"must be direct":                 {append(near[:2:2], wishing(linkspan.Direct)), linkspan.Direct, NoReason},
		"must be direct, no path":        {[]view.Change{wishing(linkspan.Direct)}, "", NoPath},
		"must be direct, overlap":        {append(near[:2:2], wishing(linkspan.Direct), overlap), "", NetworkOverlaps},
		"two sites":                      {append(near[:2:2], at(2, "ams")), "", SitesApart},
		"two sites, allowed":             {append(near[:2:2], at(2, "ams"), view.PutClearance(&clearance)), linkspan.Tunnel, OtherSite},
		"two sites, allowed, but direct": {append(near[:2:2], at(2, "ams"), view.PutClearance(&clearance), wishing(linkspan.Direct)), "", OtherSite},
		"one site":                       {append(near[:2:2], at(1, "ams"), at(2, "ams")), linkspan.Direct, NoReason},
		"chassis gone":                   {append(near[:2:2], view.RemoveChassis(2)), "", SitesApart},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			before := world()
			v, _ := before.Apply(c.changes...)
			for _, pair := range [][2]linkspan.ChassisID{{1, 2}, {2, 1}} {
				got, why := Transport(v, v.Network(7), pair[0], pair[1])
				if got != c.want || why != c.why {
					t.Errorf("got %q (%s)", got, why)
				}
			}
			if got, _ := Transport(v, v.Network(7), 1, 1); got != linkspan.Local {
				t.Errorf("within one chassis: %q", got)
			}
			var d Decision
			p := from(4, 64)
			Decide(v, &p, &d)
			if allowed := d.Verdict == Allow; allowed != (c.want != "") || d.Transport != c.want || d.Way != c.why || !d.Holds(v) {
				t.Errorf("decision %+v", d)
			}
			if c.want != linkspan.Tunnel && d.Holds(before) {
				t.Error("it holds where the way is another")
			}
		})
	}
}
