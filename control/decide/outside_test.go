// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// edge: .2 of network web on chassis 1, .3 of the internal network vault there, and
// network far, which holds 10.9.0.0/16 and has nobody.
func edge(t *testing.T, policies ...*linkspan.Policy) *view.View {
	t.Helper()
	internal := endpoint(3, 1, 13)
	internal.Network, internal.Address = 8, netip.MustParseAddr("10.8.0.3")
	changes := []view.Change{
		view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Gateway: address(1)}),
		view.PutNetwork(&linkspan.Network{ID: 8, Name: "vault", Subnet: netip.MustParsePrefix("10.8.0.0/24"), Internal: true}),
		view.PutNetwork(&linkspan.Network{ID: 9, Name: "far", Subnet: netip.MustParsePrefix("10.9.0.0/16")}),
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}),
		view.PutEndpoint(endpoint(2, 1, 12)), view.PutEndpoint(internal),
	}
	for _, p := range policies {
		changes = append(changes, view.PutPolicy(p))
	}
	v, _ := new(view.View).Apply(changes...)
	return v
}

// outward is a packet of web's endpoint, inward one that comes from outside to it.
func outward(to string, ttl uint8) Packet {
	return Packet{Chassis: 1, Port: 12, Network: 7, Source: address(2), Destination: netip.MustParseAddr(to), TTL: ttl}
}

func inward(from string) Packet {
	return Packet{Chassis: 1, Port: linkspan.GatewayPort, Network: 7, Source: netip.MustParseAddr(from), Destination: address(2), TTL: 1}
}

func TestOutside(t *testing.T) {
	cases := map[string]struct {
		packet  Packet
		verdict Verdict
		reason  Reason
		width   string
	}{
		"out":                        {outward("203.0.113.9", 64), Allow, WayOut, "192.0.0.0/3"},
		"out, beside the networks":   {outward("10.200.0.1", 64), Allow, WayOut, "10.128.0.0/9"},
		"out, expired":               {outward("203.0.113.9", 1), Expire, TimeExceeded, "192.0.0.0/3"},
		"to the gateway":             {outward("10.7.0.1", 64), Allow, WayOut, "10.7.0.1/32"},
		"to another's gateway":       {outward("10.9.0.1", 64), Deny, UnknownDestination, ""},
		"to nobody of its own":       {outward("10.7.0.99", 64), Deny, UnknownDestination, ""},
		"to a group":                 {outward("224.0.0.1", 64), Deny, NobodysAddress, "224.0.0.0/3"},
		"to all":                     {outward("255.255.255.255", 64), Deny, NobodysAddress, "224.0.0.0/3"},
		"to itself, the other way":   {outward("127.0.0.1", 64), Deny, NobodysAddress, "127.0.0.0/8"},
		"near those that nobody has": {outward("126.0.0.1", 64), Allow, WayOut, "126.0.0.0/8"},
		"in":                         {inward("203.0.113.9"), Allow, WayOut, "192.0.0.0/3"},
		"in, from the host":          {inward("10.7.0.1"), Allow, WayOut, "10.7.0.1/32"},
		"in, under a held address":   {inward("10.9.0.5"), Deny, HeldSource, "10.9.0.5/32"},
		"in, under a neighbour's":    {inward("10.7.0.5"), Deny, HeldSource, "10.7.0.5/32"},
		"in, from nobody":            {inward("0.0.0.0"), Ignore, NobodysAddress, ""},
		"in, to nobody":              {with(inward("203.0.113.9"), func(p *Packet) { p.Destination = address(99) }), Ignore, MisplacedDestination, ""},
		"in, to another host's":      {with(inward("203.0.113.9"), func(p *Packet) { p.Chassis = 2 }), Ignore, MisplacedDestination, ""},
		"out of an internal network": {Packet{Chassis: 1, Port: 13, Network: 8, Source: netip.MustParseAddr("10.8.0.3"),
			Destination: netip.MustParseAddr("203.0.113.9"), TTL: 64}, Deny, NoWayOut, "192.0.0.0/3"},
		"into an internal network": {Packet{Chassis: 1, Port: linkspan.GatewayPort, Network: 8, Source: netip.MustParseAddr("203.0.113.9"),
			Destination: netip.MustParseAddr("10.8.0.3"), TTL: 64}, Ignore, NoWayOut, ""},
	}
	v := edge(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var d Decision
			Decide(v, &c.packet, &d)
			width := ""
			if d.Outside.IsValid() {
				width = d.Outside.String()
			}
			if d.Verdict != c.verdict || d.Reason != c.reason || width != c.width {
				t.Fatalf("%s because %s, for %q; want %s because %s, for %q", d.Verdict, d.Reason, width, c.verdict, c.reason, c.width)
			}
			if !d.Holds(v) {
				t.Fatal("does not hold in the view it was made in")
			}
		})
	}
}

// TestOutside6: the same of IPv6, at the second address of an endpoint.
func TestOutside6(t *testing.T) {
	second := endpoint(2, 1, 12)
	second.Address6 = netip.MustParseAddr("fd00:7::2")
	web := &linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:7::/64")}
	web.ApplyDefaults()
	v, _ := edge(t, deny(1, "2001:db8:5::/48")).Apply(
		view.PutNetwork(web), view.PutEndpoint(&linkspan.Endpoint{Network: 7, Address: second.Address6, Chassis: 1}), view.PutEndpoint(second),
		view.PutNetwork(&linkspan.Network{ID: 9, Name: "far", Subnet: netip.MustParsePrefix("10.9.0.0/16"), Subnet6: netip.MustParsePrefix("fd00:9::/32")}),
	)
	for name, c := range map[string]struct {
		to      string
		verdict Verdict
		reason  Reason
		width   string
	}{
		"out":                        {"4000::9", Allow, WayOut, "4000::/2"},
		"out, near what is named":    {"2001:db8:4::9", Allow, WayOut, "2001:db8:4::/48"},
		"out, beside the networks":   {"fd00:200::1", Allow, WayOut, "fd00:200::/23"},
		"unique local, of others":    {"fc00::1", Allow, WayOut, "fc00::/8"},
		"to the gateway":             {"fd00:7::1", Allow, WayOut, "fd00:7::1/128"},
		"to another's gateway":       {"fd00:9::1", Deny, UnknownDestination, ""},
		"to nobody of its own":       {"fd00:7::99", Deny, UnknownDestination, ""},
		"to a group":                 {"ff05::2", Deny, NobodysAddress, "ff00::/8"},
		"to one of a link":           {"fe80::1", Deny, NobodysAddress, "fe80::/10"},
		"to itself, the other way":   {"::1", Deny, NobodysAddress, "::/10"},
		"near those that nobody has": {"40::9", Allow, WayOut, "40::/10"},
		"of IPv4, in IPv6":           {"64:ff9b::808:808", Allow, WayOut, "40::/10"},
	} {
		t.Run(name, func(t *testing.T) {
			a := netip.MustParseAddr(c.to)
			for _, comes := range []bool{false, true} {
				p := Packet{Chassis: 1, Port: 12, Network: 7, Source: second.Address6, Destination: a, TTL: 64}
				if comes {
					p.Port, p.Source, p.Destination, p.TTL = linkspan.GatewayPort, a, second.Address6, 1
				}
				var d Decision
				Decide(v, &p, &d)
				width := ""
				if d.Outside.IsValid() {
					width = d.Outside.String()
				}
				switch {
				case !d.Holds(v):
					t.Error("does not hold in the view it was made in")
				case comes && c.verdict == Allow && (d.Verdict != Allow || width != c.width):
					t.Errorf("in: %s because %s, for %q; want it for %q", d.Verdict, d.Reason, width, c.width)
				case comes && c.verdict != Allow && d.Verdict == Allow:
					t.Errorf("in: it is allowed for %q", width)
				case !comes && (d.Verdict != c.verdict || d.Reason != c.reason || width != c.width):
					t.Errorf("%s because %s, for %q; want %s because %s, for %q", d.Verdict, d.Reason, width, c.verdict, c.reason, c.width)
				}
			}
		})
	}
}

// TestOutsideFalls: what changes the width, or an end, makes a decision fall.
func TestOutsideFalls(t *testing.T) {
	v := edge(t)
	p := outward("203.0.113.9", 64)
	var d Decision
	Decide(v, &p, &d)
	for name, c := range map[string]struct {
		change view.Change
		holds  bool
	}{
		"a network comes elsewhere":     {view.PutNetwork(&linkspan.Network{ID: 10, Name: "n", Subnet: netip.MustParsePrefix("10.10.0.0/24")}), true},
		"a network comes in between":    {view.PutNetwork(&linkspan.Network{ID: 10, Name: "n", Subnet: netip.MustParsePrefix("192.168.0.0/24")}), false},
		"a network comes that holds it": {view.PutNetwork(&linkspan.Network{ID: 10, Name: "n", Subnet: netip.MustParsePrefix("203.0.113.0/24")}), false},
		"the endpoint goes":             {view.RemoveEndpoint(7, address(2)), false},
		"its network becomes internal":  {view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Gateway: address(1), Internal: true}), false},
		"a policy names some of it":     {view.PutPolicy(deny(1, "203.0.113.0/24")), false},
	} {
		next, _ := v.Apply(c.change)
		if d.Holds(next) != c.holds {
			t.Errorf("%s: holds is %v", name, !c.holds)
		}
	}
}

// TestHeldSourceHolds: also where there are policies, which were not asked about it.
func TestHeldSourceHolds(t *testing.T) {
	v := edge(t, deny(1, "203.0.113.0/24"))
	p := inward("10.9.0.5")
	var d Decision
	Decide(v, &p, &d)
	if d.Verdict != Deny || d.Reason != HeldSource || !d.Holds(v) {
		t.Errorf("%s because %s, holds %v", d.Verdict, d.Reason, d.Holds(v))
	}
}

// TestOutsideIsCounted: a route out of all networks counts for the policy that decides
// about all of a direction, a class for the one that decides about it, and no memory of
// pairs takes one outside for another.
func TestOutsideIsCounted(t *testing.T) {
	allow := deny(1, "203.0.113.0/24")
	allow.Name, allow.Action = "allow", linkspan.PolicyAllow
	v := edge(t, allow, deny(2, "198.51.100.7/32", linkspan.PolicyPorts{Protocol: ProtocolTCP, First: 443, Last: 443}))
	m := new(Memo)
	for name, c := range map[string]struct {
		to           string
		comes        bool
		there, back  linkspan.PolicyID
		class, other linkspan.PolicyID // of tcp/443 and of tcp/80
	}{
		"all of one direction": {"203.0.113.9", false, 1, 0, 1, 1},
		"the other way":        {"203.0.113.9", true, 0, 1, 0, 0},
		"one port":             {"198.51.100.7", false, 0, 0, 2, 0},
		"nobody spoken of":     {"8.8.8.8", false, 0, 0, 0, 0},
	} {
		for range 2 { // the second time from memory
			d := m.Beyond(v, v.Endpoint(view.Key{Network: 7, Address: address(2)}), netip.MustParseAddr(c.to), c.comes)
			there, back := d.Rules()
			if a, b := idOf(there.Sole()), idOf(back.Sole()); a != c.there || b != c.back {
				t.Errorf("%s: counts for %d and %d", name, a, b)
			}
			class, _ := there.Decider(BlockOf(ProtocolTCP, 443, 16))
			other, _ := there.Decider(BlockOf(ProtocolTCP, 80, 16))
			if idOf(class) != c.class || idOf(other) != c.other {
				t.Errorf("%s: tcp/443 counts for %d, tcp/80 for %d", name, idOf(class), idOf(other))
			}
		}
	}
}

func idOf(p *linkspan.Policy) linkspan.PolicyID {
	if p == nil {
		return 0
	}
	return p.ID
}

// deny is a policy against what endpoints of web send to some addresses.
func deny(id linkspan.PolicyID, cidr string, ports ...linkspan.PolicyPorts) *linkspan.Policy {
	return &linkspan.Policy{
		ID: id, Name: "deny", Action: linkspan.PolicyDeny, Ports: ports,
		From: []linkspan.Selector{{Network: "web"}}, To: []linkspan.Selector{{CIDR: netip.MustParsePrefix(cidr)}},
	}
}

// TestOutsideByPolicy: policies speak of what is outside by its addresses, in the
// direction in which connections are opened.
func TestOutsideByPolicy(t *testing.T) {
	tcp := linkspan.PolicyPorts{Protocol: ProtocolTCP, First: 443, Last: 443}
	v := edge(t, deny(1, "203.0.113.0/24"), deny(2, "198.51.100.7/32", tcp))
	open := func(p Packet, protocol uint8, port uint16) Packet {
		p.Protocol, p.DestinationPort, p.Tracked, p.Begins = protocol, port, true, true
		return p
	}
	for name, c := range map[string]struct {
		packet  Packet
		verdict Verdict
		tracked bool
		width   string
	}{
		"denied":              {open(outward("203.0.113.9", 64), ProtocolTCP, 80), Deny, true, "203.0.113.0/24"},
		"the other way":       {open(inward("203.0.113.9"), ProtocolTCP, 80), Allow, true, "203.0.113.0/24"},
		"beside it":           {open(outward("203.0.112.9", 64), ProtocolTCP, 80), Allow, false, "203.0.112.0/24"},
		"one port":            {open(outward("198.51.100.7", 64), ProtocolTCP, 443), Deny, true, "198.51.100.7/32"},
		"another port":        {open(outward("198.51.100.7", 64), ProtocolTCP, 80), Allow, true, "198.51.100.7/32"},
		"of nobody spoken of": {open(outward("8.8.8.8", 64), ProtocolUDP, 53), Allow, false, "8.0.0.0/7"},
	} {
		t.Run(name, func(t *testing.T) {
			var d Decision
			Decide(v, &c.packet, &d)
			if d.Verdict != c.verdict || d.Tracked != c.tracked || d.Outside.String() != c.width {
				t.Fatalf("%s, tracked %v, for %s; want %s, %v, %s", d.Verdict, d.Tracked, d.Outside, c.verdict, c.tracked, c.width)
			}
			if !d.Holds(v) {
				t.Fatal("does not hold in the view it was made in")
			}
		})
	}
}
