// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func goodNetwork() linkspan.Network {
	n := linkspan.Network{ID: 1, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
	n.ApplyDefaults()
	return n
}

// refusedAs checks that err is of code Invalid, says what is wrong, and has a
// hint when one is expected.
func refusedAs(t *testing.T, err error, says, hint string) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != linkspan.Invalid {
		t.Fatalf("got %v, want an error of code invalid", err)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("got %q, want it to say %q", err, says)
	}
	if got := linkspan.HintOf(err); !strings.Contains(got, hint) || hint == "" && got != "" {
		t.Errorf("got hint %q, want %q", got, hint)
	}
}

func TestNetworkDefaults(t *testing.T) {
	n := linkspan.Network{
		Name: "web", Subnet: netip.MustParsePrefix("10.7.0.9/24"), Range: netip.MustParsePrefix("10.7.0.130/25"),
	}
	n.ApplyDefaults()
	if n.Subnet.String() != "10.7.0.0/24" || n.Gateway.String() != "10.7.0.1" || n.Range.String() != "10.7.0.128/25" || n.Idle != linkspan.DefaultIdle {
		t.Errorf("got %+v", n)
	}
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
	given := goodNetwork()
	given.Gateway, given.Idle = netip.MustParseAddr("10.7.0.254"), time.Minute
	given.ApplyDefaults()
	if given.Gateway.String() != "10.7.0.254" || given.Idle != time.Minute {
		t.Errorf("what was given was changed: %+v", given)
	}
	var none linkspan.Network
	none.ApplyDefaults()
	if none.Subnet.IsValid() || none.Gateway.IsValid() {
		t.Errorf("defaults were made of nothing: %+v", none)
	}
}

func TestNetworkIsAccepted(t *testing.T) {
	for what, change := range map[string]func(*linkspan.Network){
		"defaults":           func(*linkspan.Network) {},
		"smallest":           func(n *linkspan.Network) { n.Subnet = netip.MustParsePrefix("10.7.0.0/30") },
		"largest":            func(n *linkspan.Network) { n.Subnet = netip.MustParsePrefix("10.0.0.0/8") },
		"shortest idle":      func(n *linkspan.Network) { n.Idle = linkspan.MinIdle },
		"longest idle":       func(n *linkspan.Network) { n.Idle = linkspan.MaxIdle },
		"smallest mtu":       func(n *linkspan.Network) { n.MTU = linkspan.MinMTU },
		"largest mtu":        func(n *linkspan.Network) { n.MTU = linkspan.MaxMTU },
		"range as subnet":    func(n *linkspan.Network) { n.Range = n.Subnet },
		"range of one":       func(n *linkspan.Network) { n.Range = netip.MustParsePrefix("10.7.0.9/32") },
		"gateway at end":     func(n *linkspan.Network) { n.Gateway = netip.MustParseAddr("10.7.0.254") },
		"gateway in range":   func(n *linkspan.Network) { n.Range = netip.MustParsePrefix("10.7.0.0/28") },
		"name of every kind": func(n *linkspan.Network) { n.Name = "9a_B.c-D" },
		"longest name":       func(n *linkspan.Network) { n.Name = strings.Repeat("a", linkspan.MaxName) },
	} {
		t.Run(what, func(t *testing.T) {
			n := goodNetwork()
			change(&n)
			if what == "smallest" {
				n.Gateway = netip.MustParseAddr("10.7.0.2")
			}
			if err := n.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNetworkIsRefused(t *testing.T) {
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	for _, c := range []struct {
		what   string
		change func(*linkspan.Network)
		says   string
		hint   string
	}{
		{"no name", func(n *linkspan.Network) { n.Name = "" }, "network name is empty", ""},
		{"long name", func(n *linkspan.Network) { n.Name = strings.Repeat("a", 64) }, "longer than 63 bytes", ""},
		{"name with a slash", func(n *linkspan.Network) { n.Name = "a/b" }, `"a/b" has a character`, "use letters"},
		{"name beginning with a dot", func(n *linkspan.Network) { n.Name = ".a" }, "has a character", "begin with a letter"},
		{"no subnet", func(n *linkspan.Network) { n.Subnet = netip.Prefix{} }, "has no subnet", "--subnet"},
		{"IPv6", func(n *linkspan.Network) { n.Subnet = prefix("fd00::/64") }, "is not IPv4", ""},
		{"too large", func(n *linkspan.Network) { n.Subnet = prefix("10.0.0.0/7") }, "between /8 and /30", ""},
		{"too small", func(n *linkspan.Network) { n.Subnet = prefix("10.7.0.0/31") }, "between /8 and /30", ""},
		{"loopback", func(n *linkspan.Network) { n.Subnet = prefix("127.0.0.0/24") }, "loopback", ""},
		{"multicast", func(n *linkspan.Network) { n.Subnet = prefix("239.1.0.0/24") }, "multicast", ""},
		{"unspecified", func(n *linkspan.Network) { n.Subnet = prefix("0.0.0.0/8") }, "unspecified", ""},
		{"no gateway", func(n *linkspan.Network) { n.Gateway = netip.Addr{} }, "is not a host address of 10.7.0.0/24", ""},
		{"gateway elsewhere", func(n *linkspan.Network) { n.Gateway = addr("10.8.0.1") }, "is not a host address", ""},
		{"gateway is the network", func(n *linkspan.Network) { n.Gateway = addr("10.7.0.0") }, "is not a host address", ""},
		{"gateway is the broadcast", func(n *linkspan.Network) { n.Gateway = addr("10.7.0.255") }, "is not a host address", ""},
		{"range elsewhere", func(n *linkspan.Network) { n.Range = prefix("10.8.0.0/25") }, "range 10.8.0.0/25 is not inside", ""},
		{"range too large", func(n *linkspan.Network) { n.Range = prefix("10.7.0.0/16") }, "is not inside", ""},
		{"range IPv6", func(n *linkspan.Network) { n.Range = prefix("fd00::/64") }, "is not inside", ""},
		{"auxiliary without a name", func(n *linkspan.Network) { n.Aux = map[string]netip.Addr{"": addr("10.7.0.5")} }, "auxiliary address", "--aux-address"},
		{"auxiliary elsewhere", func(n *linkspan.Network) { n.Aux = map[string]netip.Addr{"nas": addr("10.8.0.5")} }, "nas=10.8.0.5", "--aux-address"},
		{"auxiliary is the gateway", func(n *linkspan.Network) { n.Aux = map[string]netip.Addr{"nas": addr("10.7.0.1")} }, "nas=10.7.0.1", "--aux-address"},
		{"auxiliary is the broadcast", func(n *linkspan.Network) { n.Aux = map[string]netip.Addr{"nas": addr("10.7.0.255")} }, "nas=10.7.0.255", "--aux-address"},
		{"idle of nothing", func(n *linkspan.Network) { n.Idle = 0 }, "idle time 0s", ""},
		{"negative idle", func(n *linkspan.Network) { n.Idle = -time.Second }, "idle time -1s", ""},
		{"idle too long", func(n *linkspan.Network) { n.Idle = linkspan.MaxIdle + time.Second }, "whole number of seconds", ""},
		{"idle with a fraction", func(n *linkspan.Network) { n.Idle = 1500 * time.Millisecond }, "whole number of seconds", ""},
		{"mtu too small", func(n *linkspan.Network) { n.MTU = 575 }, "mtu 575 is not between", ""},
		{"mtu too large", func(n *linkspan.Network) { n.MTU = 65536 }, "mtu 65536 is not between", ""},
		{"negative mtu", func(n *linkspan.Network) { n.MTU = -1 }, "mtu -1 is not between", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			n := goodNetwork()
			c.change(&n)
			refusedAs(t, n.Validate(), c.says, c.hint)
		})
	}
}

func TestLastAddrAndIsHost(t *testing.T) {
	for prefix, last := range map[string]string{
		"10.7.0.0/24": "10.7.0.255", "10.7.0.9/30": "10.7.0.11", "10.0.0.0/8": "10.255.255.255",
		"10.7.0.5/32": "10.7.0.5", "10.7.4.0/22": "10.7.7.255", "fd00::/120": "fd00::ff",
	} {
		if got := linkspan.LastAddr(netip.MustParsePrefix(prefix)); got.String() != last {
			t.Errorf("last address of %s: got %s, want %s", prefix, got, last)
		}
	}
	n := goodNetwork()
	for addr, want := range map[string]bool{
		"10.7.0.0": false, "10.7.0.1": true, "10.7.0.254": true, "10.7.0.255": false,
		"10.7.1.1": false, "10.6.255.255": false, "fd00::1": false, "::ffff:10.7.0.5": false,
	} {
		if got := n.IsHost(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is a host's: got %t, want %t", addr, got, want)
		}
	}
	if n.IsHost(netip.Addr{}) {
		t.Error("no address is a host's")
	}
}

func TestEveryHostLiesBetweenTheEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b [4]byte
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
		p := netip.PrefixFrom(netip.AddrFrom4(b), rapid.IntRange(8, 30).Draw(t, "bits"))
		n := linkspan.Network{Subnet: p}
		n.ApplyDefaults()
		last := linkspan.LastAddr(p)
		if !p.Masked().Contains(last) || p.Masked().Contains(last.Next()) {
			t.Fatalf("last address of %s is %s", p, last)
		}
		for a := p.Masked().Addr(); a.Less(last.Next()) && n.Subnet.Bits() > 24; a = a.Next() {
			if want := a != n.Subnet.Addr() && a != last; n.IsHost(a) != want {
				t.Fatalf("%s in %s: is a host's %t", a, p, n.IsHost(a))
			}
		}
		if !n.IsHost(n.Gateway) {
			t.Fatalf("gateway %s of %s is no host's", n.Gateway, p)
		}
	})
}

func TestNetworkID(t *testing.T) {
	for id, text := range map[linkspan.NetworkID]string{1: "000001", 0xabc: "000abc", linkspan.MaxNetworkID: "ffffff"} {
		if id.String() != text {
			t.Errorf("got %s, want %s", id, text)
		}
		if back, err := linkspan.ParseNetworkID(text); err != nil || back != id {
			t.Errorf("%s: got %v, %v", text, back, err)
		}
	}
	for _, text := range []string{"", "1", "000000", "1000000", "00000g", "-00001", "+00001", "0x0001", "0000_1", " 00001"} {
		_, err := linkspan.ParseNetworkID(text)
		refusedAs(t, err, "is not six hexadecimal digits", "")
	}
}

func FuzzParseNetworkID(f *testing.F) {
	for _, s := range []string{"000001", "ffffff", "FFFFFF", "000000", "", "+00001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := linkspan.ParseNetworkID(s)
		if err != nil {
			if linkspan.CodeOf(err) != linkspan.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if id == 0 || id > linkspan.MaxNetworkID || id.String() != strings.ToLower(s) {
			t.Fatalf("%q was read as %s", s, id)
		}
	})
}
