// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

func dual() linkspan.Network {
	n := linkspan.Network{
		Name: "six", Subnet: netip.MustParsePrefix("10.8.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:8::/64"),
		Range6: netip.MustParsePrefix("fd00:8::100/120"),
		Aux:    map[string]netip.Addr{"nas": netip.MustParseAddr("10.8.0.5"), "nas6": netip.MustParseAddr("fd00:8::5")},
	}
	n.ApplyDefaults()
	return n
}

// TestDockerShowsBothFamilies: a network of the fabric is created in Docker with all that it
// has of each family.
func TestDockerShowsBothFamilies(t *testing.T) {
	o := createOptions(dual())
	if o.EnableIPv6 == nil || !*o.EnableIPv6 || len(o.IPAM.Config) != 2 {
		t.Fatalf("created with %+v", o)
	}
	for i, want := range []struct{ subnet, gateway, aux string }{{"10.8.0.0/24", "10.8.0.1", "nas"}, {"fd00:8::/64", "fd00:8::1", "nas6"}} {
		c := o.IPAM.Config[i]
		if _, ok := c.AuxAddress[want.aux]; c.Subnet.String() != want.subnet || c.Gateway.String() != want.gateway || len(c.AuxAddress) != 1 || !ok {
			t.Errorf("subnet %d is %+v", i, c)
		}
	}
	single := dual()
	single.Subnet6 = netip.Prefix{}
	if o := createOptions(single); o.EnableIPv6 != nil || len(o.IPAM.Config) != 1 {
		t.Errorf("a network without IPv6 is created with %+v", o)
	}
}

// TestWishOfBothFamilies: what was made in Docker is brought into the fabric whole, and
// what differs there is named.
func TestWishOfBothFamilies(t *testing.T) {
	is := dual()
	made := cnm.Network{
		Subnet: is.Subnet, Gateway: is.Gateway, Subnet6: is.Subnet6, Gateway6: is.Gateway6, Range6: is.Range6, AuxAddresses: is.Aux,
	}
	wish, err := wishOf(Network{Name: "six", Driver: Driver}, made)
	if err != nil {
		t.Fatal(err)
	}
	if why := mismatch(&wish, &is); why != "" {
		t.Error(why)
	}
	for want, change := range map[string]func(*linkspan.Network){
		"its IPv6 subnet is none in the fabric, not fd00:8::/64": func(n *linkspan.Network) { n.Subnet6 = netip.Prefix{} },
		"its IPv6 gateway is fd00:8::9":                          func(n *linkspan.Network) { n.Gateway6 = netip.MustParseAddr("fd00:8::9") },
		"its IPv6 range is the whole subnet":                     func(n *linkspan.Network) { n.Range6 = netip.Prefix{} },
	} {
		got := is
		change(&got)
		if why := mismatch(&wish, &got); !strings.HasPrefix(why, want) {
			t.Errorf("got %q, want %q", why, want)
		}
	}
}
