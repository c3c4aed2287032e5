// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

const running = `Building configuration...
hostname x
!
interface eth0
 description mine
 ip ospf area 0
 ip ospf cost 5
exit
!
router ospf
 ospf router-id 1.1.1.1
 redistribute connected
exit
!
router bgp 65001
 no bgp ebgp-requires-policy
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 description two
 neighbor 10.0.0.3 remote-as 65003
 !
 address-family ipv4 unicast
  network 10.0.0.0/24
  neighbor 10.0.0.3 next-hop-self
 exit-address-family
exit
!
end
`

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		what    string
		replace []string // of what runs
		want    string   // commands apart by |
	}{
		{"nothing", nil, ""},
		{"a line comes", []string{" ip ospf area 0", " ip ospf area 0\n ip ospf hello-interval 5"}, "interface eth0|ip ospf hello-interval 5|exit"},
		{"a line changes", []string{"cost 5", "cost 7"}, "interface eth0|no ip ospf cost 5|exit|interface eth0|ip ospf cost 7|exit"},
		{"a router goes", []string{"router ospf\n ospf router-id 1.1.1.1\n redistribute connected\nexit", ""}, "no router ospf"},
		{"a neighbour goes", []string{" neighbor 10.0.0.2 remote-as 65002\n neighbor 10.0.0.2 description two\n", ""}, "router bgp 65001|no neighbor 10.0.0.2 remote-as 65002|exit"},
		{"a network goes", []string{"  network 10.0.0.0/24\n", ""}, "router bgp 65001|address-family ipv4 unicast|no network 10.0.0.0/24|exit-address-family|exit"},
		{"a line with no goes", []string{" no bgp ebgp-requires-policy\n", ""}, "router bgp 65001|bgp ebgp-requires-policy|exit"},
		{"what is not looked at", []string{"hostname x", "hostname y", "description mine", "description yours"}, ""},
	} {
		wanted := strings.NewReplacer(append(c.replace, "\x00", "")...).Replace(running)
		if got := strings.Join(changes(parse(running), parse(wanted)), "|"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
	if got := strings.Join(changes(parse(running), nil), "|"); got != "interface eth0|no ip ospf cost 5|no ip ospf area 0|exit|no router ospf|no router bgp 65001" {
		t.Errorf("of nothing wanted: %s", got)
	}
	if got := strings.Join(changes(nil, parse("router ospf\nexit\n")), "|"); got != "router ospf|exit" {
		t.Errorf("of an empty router: %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(running, "router ospf\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		changes(parse(a), parse(b))
		if same := changes(parse(a), parse(a)); len(same) != 0 && !strings.Contains(a, "router") {
			t.Fatalf("%q changes to itself by %q", a, same)
		}
	})
}
