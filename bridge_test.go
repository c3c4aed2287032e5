// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"net/netip"
	"strings"
	"testing"
)

func localBridge(driver string, internal bool, subnets ...string) *LocalNetwork {
	n := &LocalNetwork{Chassis: 3, ID: "n1", Name: "back", Driver: driver, Internal: internal}
	for _, s := range subnets {
		p := netip.MustParsePrefix(s)
		n.Subnets = append(n.Subnets, LocalSubnet{Subnet: p, Gateway: p.Addr().Next()})
	}
	return n
}

func TestBridged(t *testing.T) {
	n, err := Bridged(localBridge("linkspan-bridge", false, "fd00::/64", "172.18.0.0/16"), "h1")
	if err != nil || n.Name != "h1/back" || n.Subnet.String() != "172.18.0.0/16" || n.Gateway.String() != "172.18.0.1" ||
		n.Driver != Bridge || n.Chassis != 3 || n.Local != "n1" || !n.Driver.Routed() {
		t.Errorf("got %+v, %v", n, err)
	}
	for name, called := range map[string]bool{"h1/back": true, "back": true, "h1": false, "h2/back": false, "": false} {
		if n.Called(name) != called {
			t.Errorf("called %q: %v", name, !called)
		}
	}
	for want, local := range map[string]*LocalNetwork{
		"of driver linkspan-macvlan": localBridge("linkspan-macvlan", false, "172.18.0.0/16"),
		"is internal":                localBridge("linkspan-bridge", true, "172.18.0.0/16"),
		"no IPv4 addresses":          localBridge("bridge", false, "fd00::/64"),
		"/31":                        localBridge("bridge", false, "10.0.0.0/31"),
	} {
		if _, err := Bridged(local, "h1"); CodeOf(err) != Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", local, err, want)
		}
	}
}

func TestOnBridge(t *testing.T) {
	n, err := Bridged(localBridge("bridge", false, "172.18.0.0/16"), "h1")
	if err != nil {
		t.Fatal(err)
	}
	n.ID = 7
	at := func(address string, port uint32) *LocalEndpoint {
		return &LocalEndpoint{Chassis: 3, ID: "e", Network: "n1", Container: "c", Address: netip.MustParseAddr(address), Port: port}
	}
	e := OnBridge(&n, at("172.18.0.2", 65000))
	if e == nil || e.Network != 7 || e.Port != 65000 || e.Out() != BridgePort || e.MAC != BridgeMAC() || !e.Attached() || e.Outside() {
		t.Errorf("got %+v", e)
	}
	for _, other := range []*LocalEndpoint{at("172.18.0.2", 0), at("172.18.0.1", 65000), at("10.0.0.2", 65000), {Port: 65000}} {
		if e := OnBridge(&n, other); e != nil {
			t.Errorf("%+v is %+v", other, e)
		}
	}
	if e := (&Endpoint{Port: 100}); e.Out() != 100 {
		t.Errorf("another leaves by %d", e.Out())
	}
}

func TestWhatNobodyMayCreate(t *testing.T) {
	n := Network{Name: "x", Driver: Bridge, Subnet: netip.MustParsePrefix("10.0.0.0/24")}
	n.ApplyDefaults()
	if err := n.Validate(); CodeOf(err) != Invalid {
		t.Errorf("a bridge of no host: %v", err)
	}
	n.Driver, n.Name = "", "h1/x"
	if err := n.Validate(); CodeOf(err) != Invalid {
		t.Errorf("a network of the fabric with a switch's name: %v", err)
	}
}
