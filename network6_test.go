// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"net/netip"
	"strings"
	"testing"
)

func dualNetwork(change func(*Network)) *Network {
	n := &Network{Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:7::5/64")}
	change(n)
	n.ApplyDefaults()
	return n
}

func TestDualNetwork(t *testing.T) {
	n := dualNetwork(func(*Network) {})
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
	if n.Gateway6.String() != "fd00:7::1" || n.SubnetText() != "10.7.0.0/24 and fd00:7::/64" {
		t.Errorf("gateway %s, subnets %s", n.Gateway6, n.SubnetText())
	}
	for text, want := range map[string][2]bool{ // holds, leasable
		"10.7.0.1": {true, false}, "10.7.0.2": {true, true}, "10.8.0.2": {false, false},
		"fd00:7::": {true, false}, "fd00:7::1": {true, false}, "fd00:7::2": {true, true}, "fd00:8::2": {false, false},
	} {
		a := netip.MustParseAddr(text)
		if got := [2]bool{n.Holds(a), n.Leasable(a)}; got != want {
			t.Errorf("%s: holds, leasable: %v, want %v", text, got, want)
		}
	}
	other := dualNetwork(func(o *Network) { o.Subnet = netip.MustParsePrefix("10.9.0.0/24") })
	if !n.Overlaps(other) {
		t.Error("an IPv6 subnet in common is no overlap")
	}
	if single := (&Network{Subnet: netip.MustParsePrefix("10.9.0.0/24")}); n.Overlaps(single) || single.Dual() {
		t.Error("a network without IPv6 overlaps one with it, or has it")
	}
}

func TestDualNetworkThatIsRefused(t *testing.T) {
	for want, change := range map[string]func(*Network){
		"is not between /8 and /126": func(n *Network) { n.Subnet6 = netip.MustParsePrefix("fd00:7::/127") },
		"is not IPv6":                func(n *Network) { n.Subnet6 = netip.MustParsePrefix("10.9.0.0/24") },
		"link-local":                 func(n *Network) { n.Subnet6 = netip.MustParsePrefix("fe80::/64") },
		"gateway 10.7.0.9 is not":    func(n *Network) { n.Gateway6 = netip.MustParseAddr("10.7.0.9") },
		"gateway fd00:7::9 is not":   func(n *Network) { n.Gateway = netip.MustParseAddr("fd00:7::9") },
		"is not inside":              func(n *Network) { n.Range6 = netip.MustParsePrefix("fd00:8::/96") },
		"below the 1280":             func(n *Network) { n.MTU = 1279 },
		"has no IPv6":                func(n *Network) { n.Driver = Overlay },
		"no IPv6 subnet":             func(n *Network) { n.Subnet6, n.Gateway6 = netip.Prefix{}, netip.MustParseAddr("fd00:7::1") },
		"has no subnet":              func(n *Network) { n.Subnet = netip.Prefix{} },
	} {
		if err := dualNetwork(change).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestSecondAddress(t *testing.T) {
	e := Endpoint{
		Network: 1, Address: netip.MustParseAddr("10.7.0.2"), Address6: netip.MustParseAddr("fd00:7::2"),
		Chassis: 1, Port: 100, MAC: MAC{2, 0, 10, 7, 0, 2},
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"10.7.0.3", "fe80::2", "ff02::1", "::", "::ffff:10.7.0.3", "fd00::1%eth0"} {
		wrong := e
		wrong.Address6 = netip.MustParseAddr(bad)
		if wrong.Validate() == nil {
			t.Errorf("%s is a second address", bad)
		}
	}
	alone := e
	alone.Address, alone.Address6 = e.Address6, netip.Addr{}
	if alone.Validate() == nil {
		t.Error("it is attached without an IPv4 address")
	}
	if alone.Port = 0; alone.Validate() != nil {
		t.Error("an IPv6 address cannot be reserved")
	}
	if got := e.MAC.LinkLocal().String(); got != "fe80::aff:fe07:2" {
		t.Errorf("the link-local address is %s", got)
	}
}
