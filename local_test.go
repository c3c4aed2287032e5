// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func aLocalNetwork() linkspan.LocalNetwork {
	return linkspan.LocalNetwork{
		Chassis: 3, ID: "a1b2", Name: "back", Driver: "linkspan-bridge",
		Subnets: []linkspan.LocalSubnet{
			{Subnet: netip.MustParsePrefix("172.18.0.0/16"), Gateway: netip.MustParseAddr("172.18.0.1")},
			{Subnet: netip.MustParsePrefix("fd00:1::/64")},
		},
		Labels: map[string]string{"team": "blue"},
	}
}

func aLocalEndpoint() linkspan.LocalEndpoint {
	return linkspan.LocalEndpoint{
		Chassis: 3, ID: "e1", Network: "a1b2", Container: "web1", Address: netip.MustParseAddr("172.18.0.2"),
		Address6: netip.MustParseAddr("fd00:1::2"), MAC: linkspan.MAC{2, 0, 0, 0, 0, 1}, Aliases: []string{"web"},
		Labels: map[string]string{"note": "two\nlines"},
	}
}

func wantInvalid(t *testing.T, err error) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != linkspan.Invalid || len(err.Error()) > 400 {
		t.Errorf("got %v, want a short error of code invalid", err)
	}
}

func TestLocalNetworkValidate(t *testing.T) {
	good := aLocalNetwork()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bare := linkspan.LocalNetwork{Chassis: 1, ID: "n", Name: strings.Repeat("n", linkspan.MaxText), Driver: "null"}
	if err := bare.Validate(); err != nil {
		t.Error(err)
	}
	long := strings.Repeat("x", 1<<20)
	for what, change := range map[string]func(*linkspan.LocalNetwork){
		"no chassis":        func(n *linkspan.LocalNetwork) { n.Chassis = 0 },
		"no id":             func(n *linkspan.LocalNetwork) { n.ID = "" },
		"a long id":         func(n *linkspan.LocalNetwork) { n.ID = long },
		"a path for an id":  func(n *linkspan.LocalNetwork) { n.ID = "a/../b" },
		"dots for an id":    func(n *linkspan.LocalNetwork) { n.ID = ".." },
		"no name":           func(n *linkspan.LocalNetwork) { n.Name = "" },
		"a long name":       func(n *linkspan.LocalNetwork) { n.Name = long },
		"escapes":           func(n *linkspan.LocalNetwork) { n.Name = "\x1b[2J" },
		"not UTF-8":         func(n *linkspan.LocalNetwork) { n.Name = "\xff" },
		"driver of lines":   func(n *linkspan.LocalNetwork) { n.Driver = "a\nb" },
		"no subnet":         func(n *linkspan.LocalNetwork) { n.Subnets[0] = linkspan.LocalSubnet{} },
		"not masked":        func(n *linkspan.LocalNetwork) { n.Subnets[0].Subnet = netip.MustParsePrefix("172.18.0.1/16") },
		"gateway elsewhere": func(n *linkspan.LocalNetwork) { n.Subnets[1].Gateway = netip.MustParseAddr("10.0.0.1") },
		"many subnets":      func(n *linkspan.LocalNetwork) { n.Subnets = make([]linkspan.LocalSubnet, 17) },
		"large labels":      func(n *linkspan.LocalNetwork) { n.Labels["x"] = long },
		"labels of bytes":   func(n *linkspan.LocalNetwork) { n.Labels["x"] = "\xff" },
	} {
		t.Run(what, func(t *testing.T) {
			n := aLocalNetwork()
			change(&n)
			wantInvalid(t, n.Validate())
		})
	}
}

func TestLocalEndpointValidate(t *testing.T) {
	good := aLocalEndpoint()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bare := linkspan.LocalEndpoint{Chassis: 1, ID: "e", Network: "n"}
	if err := bare.Validate(); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*linkspan.LocalEndpoint){
		"no chassis":        func(e *linkspan.LocalEndpoint) { e.Chassis = 0 },
		"no id":             func(e *linkspan.LocalEndpoint) { e.ID = "" },
		"no network":        func(e *linkspan.LocalEndpoint) { e.Network = "" },
		"a path":            func(e *linkspan.LocalEndpoint) { e.Network = "a/b" },
		"families":          func(e *linkspan.LocalEndpoint) { e.Address = e.Address6 },
		"families turned":   func(e *linkspan.LocalEndpoint) { e.Address6 = e.Address },
		"mapped":            func(e *linkspan.LocalEndpoint) { e.Address6 = netip.MustParseAddr("::ffff:10.0.0.1") },
		"a zone":            func(e *linkspan.LocalEndpoint) { e.Address6 = netip.MustParseAddr("fe80::1%eth0") },
		"multicast MAC":     func(e *linkspan.LocalEndpoint) { e.MAC[0] = 1 },
		"a long container":  func(e *linkspan.LocalEndpoint) { e.Container = strings.Repeat("c", linkspan.MaxText+1) },
		"escapes":           func(e *linkspan.LocalEndpoint) { e.Container = "\x1b" },
		"an empty alias":    func(e *linkspan.LocalEndpoint) { e.Aliases = []string{""} },
		"a long alias":      func(e *linkspan.LocalEndpoint) { e.Aliases = []string{strings.Repeat("a", linkspan.MaxText+1)} },
		"too many aliases":  func(e *linkspan.LocalEndpoint) { e.Aliases = make([]string, linkspan.MaxAliases+1) },
		"labels with bytes": func(e *linkspan.LocalEndpoint) { e.Labels["\xff"] = "" },
	} {
		t.Run(what, func(t *testing.T) {
			e := aLocalEndpoint()
			change(&e)
			wantInvalid(t, e.Validate())
		})
	}
}

func TestLocalDigestsStandForAll(t *testing.T) {
	network, endpoint := aLocalNetwork(), aLocalEndpoint()
	same := aLocalNetwork()
	same.Labels = map[string]string{"team": "blue"}
	if network.Digest() != same.Digest() {
		t.Error("equal networks have two digests")
	}
	same.Labels["team"] = "red"
	if network.Digest() == same.Digest() {
		t.Error("a label does not count")
	}
	for what, change := range map[string]func(*linkspan.LocalEndpoint){
		"container": func(e *linkspan.LocalEndpoint) { e.Container = "web2" },
		"address":   func(e *linkspan.LocalEndpoint) { e.Address = e.Address.Next() },
		"address6":  func(e *linkspan.LocalEndpoint) { e.Address6 = netip.Addr{} },
		"mac":       func(e *linkspan.LocalEndpoint) { e.MAC[5]++ },
		"aliases":   func(e *linkspan.LocalEndpoint) { e.Aliases = nil },
		"network":   func(e *linkspan.LocalEndpoint) { e.Network = "other" },
	} {
		e := aLocalEndpoint()
		change(&e)
		if e.Digest() == endpoint.Digest() {
			t.Errorf("%s does not count", what)
		}
	}
}
