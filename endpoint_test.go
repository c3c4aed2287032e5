// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestEndpointValidate(t *testing.T) {
	addr := netip.MustParseAddr
	reserved := linkspan.Endpoint{Network: 1, Address: addr("10.7.0.2"), Chassis: 1}
	attached := reserved
	attached.Port, attached.MAC = linkspan.MaxPort, linkspan.MAC{2, 0, 0, 0, 0, 1}
	if reserved.Attached() || !attached.Attached() {
		t.Error("what has a port is attached, and nothing else")
	}
	for _, e := range []linkspan.Endpoint{reserved, attached, {Network: linkspan.MaxNetworkID, Address: addr("10.7.0.2"), Chassis: 1}} {
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		change func(*linkspan.Endpoint)
		says   string
	}{
		{func(e *linkspan.Endpoint) { e.Network = 0 }, "has no network"},
		{func(e *linkspan.Endpoint) { e.Network = linkspan.MaxNetworkID + 1 }, "has no network"},
		{func(e *linkspan.Endpoint) { e.Address = netip.Addr{} }, "is not a host's"},
		{func(e *linkspan.Endpoint) { e.Address = addr("0.0.0.0") }, "0.0.0.0 is not a host's"},
		{func(e *linkspan.Endpoint) { e.Address = addr("224.0.0.1") }, "224.0.0.1 is not a host's"},
		{func(e *linkspan.Endpoint) { e.Chassis = 0 }, "has no chassis"},
		{func(e *linkspan.Endpoint) { e.Port = linkspan.MaxPort + 1 }, "has port 65001, above 65000"},
		{func(e *linkspan.Endpoint) { e.MAC = linkspan.MAC{} }, "has no unicast MAC address"},
		{func(e *linkspan.Endpoint) { e.MAC[0] |= 1 }, "has no unicast MAC address"},
	} {
		bad := attached
		c.change(&bad)
		refusedAs(t, bad.Validate(), c.says, "")
	}
}

func TestParseEndpointName(t *testing.T) {
	for s, want := range map[string]linkspan.EndpointName{
		"web1":               {Container: "web1"},
		"h2/web1":            {Chassis: "h2", Container: "web1"},
		"web1.front":         {Container: "web1", Network: "front"},
		"h2/web1.front":      {Chassis: "h2", Container: "web1", Network: "front"},
		"h2.example/a.b.net": {Chassis: "h2.example", Container: "a.b", Network: "net"},
		".web1":              {Container: ".web1"},
		"web1.":              {Container: "web1"},
		"h2/a/b":             {Chassis: "h2", Container: "a/b"},
	} {
		if got, err := linkspan.ParseEndpointName(s); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "/", "/web1", "h2/"} {
		_, err := linkspan.ParseEndpointName(s)
		refusedAs(t, err, "is not understood", "[chassis/]container[.network]")
	}
}

func TestWholeEndpointName(t *testing.T) {
	n, err := linkspan.ParseEndpointName("h2/a.b.net")
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Whole(); got != (linkspan.EndpointName{Chassis: "h2", Container: "a.b.net"}) {
		t.Errorf("got %+v", got)
	}
	plain := linkspan.EndpointName{Container: "web1"}
	if got := plain.Whole(); got != plain {
		t.Errorf("got %+v", got)
	}
}

func FuzzParseEndpointName(f *testing.F) {
	for _, s := range []string{"web1", "h2/web1.front", "a.b.c", "/", "h2/", ".", "..", "a.", "\xff/\x00.\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := linkspan.ParseEndpointName(s)
		if err != nil {
			if linkspan.CodeOf(err) != linkspan.Invalid || linkspan.HintOf(err) == "" || n != (linkspan.EndpointName{}) {
				t.Fatalf("%q: %+v, %v", s, n, err)
			}
			return
		}
		back := n.Container
		if n.Network != "" || strings.HasSuffix(s, ".") && n.Container+"." == strings.TrimPrefix(s, n.Chassis+"/") {
			back += "." + n.Network
		}
		if n.Chassis != "" {
			back = n.Chassis + "/" + back
		}
		if n.Container == "" || back != s || n.Whole().Network != "" {
			t.Fatalf("%q was read as %+v", s, n)
		}
	})
}
