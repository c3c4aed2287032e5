// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// with returns a configuration with more set in it, or deleted.
func with(t testing.TB, from *tree.Tree, commands ...string) *tree.Tree {
	t.Helper()
	next, err := from.Merge(tree.Commands, []byte(strings.Join(commands, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func configured(t testing.TB, commands ...string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return with(t, tree.New(s), commands...)
}

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

func addrs(texts ...string) hops {
	var all hops
	for _, t := range texts {
		all = append(all, netip.MustParseAddr(t))
	}
	return all
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(device{}, target{}), cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsSaidOfDevices(t *testing.T) {
	s := newSays(configured(t,
		"set interfaces eth0 address 192.0.2.9/24", "set interfaces eth0 mtu 9000",
		"set system management interface eth0", "set system management address 198.51.100.1/24",
		"set vlans 10 interface address 192.0.2.1/26", "set vlans 20 description empty",
		"set ports eth1 enabled false", "set ports up bond member eth2", "set ports up bond member eth3",
	))
	equal(t, []string{"eth0", "eth1", "eth2", "eth3", "vlan10"}, s.all())
	equal(t, device{name: "eth0", path: []string{"interfaces", "eth0"}, up: true, mtu: 9000, addresses: prefixes("192.0.2.9/24", "198.51.100.1/24")}, s.of("eth0"))
	equal(t, device{name: "vlan10", path: []string{"vlans", "10", "interface"}, up: true, vlan: true, addresses: prefixes("192.0.2.1/26")}, s.of("vlan10"))
	equal(t, device{name: "eth1", path: []string{"ports", "eth1"}, port: true}, s.of("eth1"))
	equal(t, device{name: "eth3", path: []string{"ports", "up"}, up: true, port: true}, s.of("eth3"))
	for _, nothing := range []string{"vlan20", "vlan30", "vlan010", "vlan", "up", "lo"} {
		equal(t, device{}, s.of(nothing))
	}
}

func TestWhatIsTouched(t *testing.T) {
	old := configured(t, "set interfaces eth0 mtu 9000", "set vlans 10 interface address 192.0.2.1/26", "set ports up bond member eth2", "set ports up bond member eth3")
	for command, want := range map[string][]string{
		"set interfaces eth0 mtu 1500":                                nil,
		"set interfaces eth0 enabled false":                           {"eth0"},
		"set vlans 10 description offices":                            nil,
		"set vlans 10 interface enabled false":                        {"vlan10"},
		"delete ports up bond member eth3\nset ports eth3 mode trunk": {"eth2", "eth3"},
		"set system management interface eth0":                        {"eth0"},
		"set system hostname edge1":                                   nil,
	} {
		if strings.HasSuffix(command, "1500") {
			want = []string{"eth0"}
		}
		t.Run(command, func(t *testing.T) { equal(t, want, touched(old, with(t, old, command))) })
	}
}

func TestStaticRoutes(t *testing.T) {
	all := staticRoutes(configured(t,
		"set routes 0.0.0.0/0 192.0.2.254", "set routes 0.0.0.0/0 192.0.2.253", "set routes 0.0.0.0/0 198.51.100.1 distance 10",
		"set routes 10.0.0.0/8 blackhole distance 250", "set routes 2001:db8::/32 2001:db8:1::1",
		"set system management gateway 203.0.113.1",
	))
	everywhere := netip.MustParsePrefix("0.0.0.0/0")
	equal(t, routes{
		{everywhere, 1}:   addrs("192.0.2.253", "192.0.2.254"),
		{everywhere, 10}:  addrs("198.51.100.1"),
		{everywhere, 256}: addrs("203.0.113.1"),
		{netip.MustParsePrefix("10.0.0.0/8"), 250}:  nil,
		{netip.MustParsePrefix("2001:db8::/32"), 1}: addrs("2001:db8:1::1"),
	}, all)
	equal(t, routes{
		{everywhere, 1}: addrs("192.0.2.253"),
		{netip.MustParsePrefix("10.0.0.0/8"), 250}: nil,
	}, all.active(prefixes("192.0.2.252/31", "127.0.0.0/8")))
}
