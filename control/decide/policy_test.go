// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// TestOrderWithPolicies is docs/adr/0017 row by row: a packet to TCP port 80 from a of
// the network one to b, of the same network or of two.
func TestOrderWithPolicies(t *testing.T) {
	type outcome struct {
		Verdict Verdict
		Reason  Reason
		Class   string // of a tracked pair; empty: the verdict is about all packets
		Policy  string
	}
	tcp80 := linkspan.PolicyPorts{Protocol: linkspan.ProtocolTCP, First: 80, Last: 80}
	both := func(id linkspan.PolicyID, priority uint16, action linkspan.PolicyAction, ports ...linkspan.PolicyPorts) view.Change {
		return view.PutPolicy(&linkspan.Policy{ID: id, Name: action.String(), Priority: priority, Action: action, Ports: ports})
	}
	ahead := func(p linkspan.PolicyAction, ports ...linkspan.PolicyPorts) view.Change {
		return view.PutPolicy(&linkspan.Policy{ID: 9, Name: "ahead", Priority: 9, Action: p, Ports: ports, From: []linkspan.Selector{{Endpoint: "a"}}})
	}
	link := func(verdict linkspan.LinkVerdict) view.Change {
		l := linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"}, linkspan.LinkEnd{Chassis: 1, Container: "b"}, verdict)
		return view.PutLink(&l)
	}
	shared := view.PutGroup(&linkspan.Group{Name: "g", Networks: []linkspan.NetworkID{1, 2}})
	const allow, deny, reject = linkspan.PolicyAllow, linkspan.PolicyDeny, linkspan.PolicyReject
	for name, c := range map[string]struct {
		to      linkspan.NetworkID
		changes []view.Change
		reply   bool
		want    outcome
	}{
		"same network":                          {1, nil, false, outcome{Allow, SameNetwork, "", ""}},
		"two networks":                          {2, nil, false, outcome{Deny, NotGrouped, "", ""}},
		"shared group":                          {2, []view.Change{shared}, false, outcome{Allow, SharedGroup, "", ""}},
		"policy before same network":            {1, []view.Change{both(1, 0, deny)}, false, outcome{Deny, PolicyDenies, "", "deny"}},
		"policy before group":                   {2, []view.Change{shared, both(1, 0, deny)}, false, outcome{Deny, PolicyDenies, "", "deny"}},
		"policy before the last denial":         {2, []view.Change{both(1, 0, allow)}, false, outcome{Allow, PolicyAllows, "", "allow"}},
		"rejected":                              {1, []view.Change{both(1, 0, reject)}, false, outcome{Deny, PolicyRejects, "", "reject"}},
		"greater priority":                      {1, []view.Change{both(1, 1, deny), both(2, 2, allow)}, false, outcome{Allow, PolicyAllows, "", "allow"}},
		"link deny before policy":               {1, []view.Change{link(linkspan.LinkDeny), both(1, 0, allow)}, false, outcome{Deny, LinkDenies, "", ""}},
		"link allow before policy":              {2, []view.Change{link(linkspan.LinkAllow), both(1, 0, deny)}, false, outcome{Allow, LinkAllows, "", ""}},
		"one port":                              {2, []view.Change{both(1, 0, allow, tcp80)}, false, outcome{Allow, PolicyAllows, "tcp/80", "allow"}},
		"one port is not":                       {1, []view.Change{both(1, 0, deny, tcp80)}, false, outcome{Deny, PolicyDenies, "tcp/80", "deny"}},
		"one way":                               {2, []view.Change{ahead(allow)}, false, outcome{Allow, PolicyAllows, "any", "ahead"}},
		"a reply over one way":                  {2, []view.Change{ahead(allow, tcp80)}, true, outcome{Deny, NotGrouped, "any", ""}},
		"a policy of others":                    {2, []view.Change{shared, view.PutPolicy(&linkspan.Policy{ID: 1, Name: "x", Action: deny, To: []linkspan.Selector{{Endpoint: "nobody"}}})}, false, outcome{Allow, SharedGroup, "", ""}},
		"a port of others, in the same network": {1, []view.Change{both(1, 0, allow, tcp80)}, false, outcome{Allow, PolicyAllows, "", "allow"}},
	} {
		t.Run(name, func(t *testing.T) {
			v, p := pairOf(c.to, c.changes...)
			p.Connection = Connection{Protocol: ProtocolTCP, DestinationPort: 80, Tracked: true, Reply: c.reply}
			var d Decision
			Decide(v, &p, &d)
			got := outcome{Verdict: d.Verdict, Reason: d.Reason}
			if d.Tracked {
				got.Class = d.Class.String()
			}
			if d.Policy != nil {
				got.Policy = d.Policy.Name
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			remembers(t, v, &p, &d, both(20, 0, reject))
		})
	}
}

// pairOf is a world with a, of the network one, and b, of that of the number, and a packet
// from a to b.
func pairOf(to linkspan.NetworkID, changes ...view.Change) (*view.View, Packet) {
	one, two := netip.MustParseAddr("10.1.0.2"), netip.AddrFrom4([4]byte{10, byte(to), 0, 3})
	v, _ := new(view.View).Apply(append([]view.Change{
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}),
		view.PutNetwork(&linkspan.Network{ID: 1, Name: "one", Subnet: netip.MustParsePrefix("10.1.0.0/24")}),
		view.PutNetwork(&linkspan.Network{ID: 2, Name: "two", Subnet: netip.MustParsePrefix("10.2.0.0/24")}),
		view.PutEndpoint(&linkspan.Endpoint{Network: 1, Address: one, Chassis: 1, Port: 1, MAC: linkspan.MAC{2}, Container: "a"}),
		view.PutEndpoint(&linkspan.Endpoint{Network: to, Address: two, Chassis: 1, Port: 2, MAC: linkspan.MAC{2}, Container: "b"}),
	}, changes...)...)
	return v, Packet{Chassis: 1, Port: 1, Network: 1, Source: one, Destination: two, TTL: 64}
}

// remembers checks that a memo decides as was decided, without allocating, and that what it
// says does not outlive another policy.
func remembers(t *testing.T, v *view.View, p *Packet, d *Decision, another view.Change) {
	t.Helper()
	var memo Memo
	var again Decision
	memo.Decide(v, p, &again)
	if n := testing.AllocsPerRun(10, func() { memo.Decide(v, p, &again) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if again.Verdict != d.Verdict || again.Class != d.Class || !again.Holds(v) {
		t.Errorf("a memo decides otherwise: %s (%s) %s, holds %v", again.Verdict, again.Reason, again.Class, again.Holds(v))
	}
	next, _ := v.Apply(another)
	if again.Holds(next) && d.Destination != nil {
		t.Error("holds when policies changed")
	}
}

// TestAllowed: how much of a class is allowed.
func TestAllowed(t *testing.T) {
	ports := func(action linkspan.PolicyAction, first, last uint16) *linkspan.Policy {
		return &linkspan.Policy{Action: action, Ports: []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: first, Last: last}}}
	}
	r := NewRules([]*linkspan.Policy{ports(linkspan.PolicyDeny, 22, 22), ports(linkspan.PolicyAllow, 0, 1023)}, linkspan.PolicyDeny)
	for text, c := range map[string]struct {
		class Class
		want  Extent
	}{
		"all":             {Class{}, Some},
		"all of tcp":      {ClassOf(ProtocolTCP), Some},
		"udp":             {ClassOf(ProtocolUDP), None},
		"the denied port": {BlockOf(ProtocolTCP, 22, 16), None},
		"around it":       {BlockOf(ProtocolTCP, 22, 14), Some},
		"a block":         {BlockOf(ProtocolTCP, 80, 10), All},
		"up to the end":   {BlockOf(ProtocolTCP, 1023, 16), All},
		"behind the end":  {BlockOf(ProtocolTCP, 1024, 16), None},
	} {
		if got := r.Allowed(c.class); got != c.want {
			t.Errorf("%s: %d", text, got)
		}
	}
}
