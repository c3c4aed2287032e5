// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func in(network linkspan.NetworkID, address, name string, on linkspan.ChassisID, port uint32) *linkspan.Endpoint {
	a := netip.MustParseAddr(address)
	return &linkspan.Endpoint{
		Network: network, Address: a, Chassis: on, Port: port, Container: name,
		MAC: linkspan.MAC{2, byte(network), 0, 0, 0, a.As4()[3]},
	}
}

// town: web (7) and db (8) have addresses of their own, red (9) and blue (10) the
// same. Each has a container on chassis 1 and one on chassis 2.
func town() *view.View {
	v, _ := new(view.View).Apply(
		view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}),
		view.PutNetwork(&linkspan.Network{ID: 8, Name: "db", Subnet: netip.MustParsePrefix("10.8.0.0/24")}),
		view.PutNetwork(&linkspan.Network{ID: 9, Name: "red", Subnet: netip.MustParsePrefix("10.9.0.0/24")}),
		view.PutNetwork(&linkspan.Network{ID: 10, Name: "blue", Subnet: netip.MustParsePrefix("10.9.0.0/16")}),
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}),
		view.PutChassis(&linkspan.Chassis{ID: 2, Name: "h2", Underlay: netip.MustParseAddr("192.0.2.2")}),
		view.PutEndpoint(in(7, "10.7.0.2", "w1", 1, 11)), view.PutEndpoint(in(7, "10.7.0.3", "w2", 2, 11)),
		view.PutEndpoint(in(8, "10.8.0.2", "d1", 1, 12)), view.PutEndpoint(in(8, "10.8.0.3", "d2", 2, 12)),
		view.PutEndpoint(in(9, "10.9.0.2", "r1", 1, 13)), view.PutEndpoint(in(9, "10.9.0.3", "r2", 2, 13)),
		view.PutEndpoint(in(10, "10.9.0.2", "b1", 1, 14)), view.PutEndpoint(in(10, "10.9.0.4", "b2", 2, 14)),
	)
	return v
}

// internal makes a network of town one whose containers have no way out.
func internal(id linkspan.NetworkID) view.Change {
	n := *town().Network(id)
	n.Internal = true
	return view.PutNetwork(&n)
}

func grouping(name string, ids ...linkspan.NetworkID) view.Change {
	return view.PutGroup(&linkspan.Group{Name: name, Networks: ids})
}

// linking is a link between the containers of those names; the digit of a name is
// its chassis.
func linking(a, b string, verdict linkspan.LinkVerdict) view.Change {
	l := linkspan.LinkOf(named(a), named(b), verdict)
	return view.PutLink(&l)
}

func named(name string) linkspan.LinkEnd {
	return linkspan.LinkEnd{Chassis: linkspan.ChassisID(name[len(name)-1] - '0'), Container: name}
}

// find returns the endpoint of a container.
func find(v *view.View, name string) *linkspan.Endpoint {
	for e := range v.Covered(named(name)) {
		return e
	}
	return nil
}

// orderCase is a pair in a town where something changed, and what is decided of it.
type orderCase struct {
	name     string
	from, to string
	changes  []view.Change
	verdict  Verdict
	reason   Reason
	bySource bool
}

func orderCases() []orderCase {
	allow, deny := linkspan.LinkAllow, linkspan.LinkDeny
	anything := view.PutPolicy(&linkspan.Policy{ID: 1, Name: "anything", Action: linkspan.PolicyAllow})
	return []orderCase{
		{"same network", "w1", "w2", nil, Allow, SameNetwork, true},
		{"two networks", "w1", "d2", nil, Deny, NotGrouped, false},
		{"one host", "w1", "d1", nil, Deny, NotGrouped, false},
		{"shared group", "w1", "d2", []view.Change{grouping("a", 7, 8)}, Allow, SharedGroup, true},
		{"a group of others", "w1", "d2", []view.Change{grouping("a", 8, 9)}, Deny, NotGrouped, false},
		{"not by two steps", "w1", "r2", []view.Change{grouping("a", 7, 8), grouping("b", 8, 9)}, Deny, AmbiguousDestination, false},
		{"link allows", "w1", "d2", []view.Change{linking("w1", "d2", allow)}, Allow, LinkAllows, true},
		{"link of another", "w1", "d2", []view.Change{linking("w2", "d2", allow)}, Deny, NotGrouped, true},
		{"link denies in one network", "w1", "w2", []view.Change{linking("w1", "w2", deny)}, Deny, LinkDenies, true},
		{"link denies in a group", "w1", "d2", []view.Change{grouping("a", 7, 8), linking("w1", "d2", deny)}, Deny, LinkDenies, true},
		{"link allows in one network", "w1", "w2", []view.Change{linking("w1", "w2", allow)}, Allow, LinkAllows, true},
		{"deny before allow", "w1", "d2", []view.Change{linking("w1", "d2", allow), view.PutLink(&linkspan.Link{
			A: linkspan.LinkEnd{Chassis: 1, Container: "w1", Network: 7}, B: named("d2"), Verdict: deny,
		})}, Deny, LinkDenies, true},
		{"overlap", "w1", "r2", nil, Deny, AmbiguousDestination, false},
		{"overlap, by a group", "w1", "r2", []view.Change{grouping("a", 7, 9)}, Allow, SharedGroup, true},
		{"overlap, the other of the group", "w1", "b2", []view.Change{grouping("a", 7, 9)}, Deny, UnknownDestination, false},
		{"overlap, by a link", "w1", "b2", []view.Change{linking("w1", "b2", allow)}, Allow, LinkAllows, true},
		{"overlap, who has no link", "w2", "b2", []view.Change{linking("w1", "b2", allow)}, Deny, AmbiguousDestination, true},
		{"overlapping ends", "r1", "b2", []view.Change{linking("r1", "b2", allow)}, Deny, UnknownDestination, false},
		{"from the wider of two", "b1", "r2", []view.Change{linking("b1", "r2", allow)}, Deny, UnknownDestination, false},
		{"the source is ambiguous", "r1", "d2", []view.Change{linking("b1", "d2", allow), linking("r1", "d2", allow)}, Deny, AmbiguousSource, true},
		{"a link out of an internal network", "w1", "d2", []view.Change{internal(8), linking("w1", "d2", allow)}, Deny, InternalNetwork, true},
		{"a link within an internal network", "d1", "d2", []view.Change{internal(8), linking("d1", "d2", allow)}, Allow, LinkAllows, true},
		{"a policy out of an internal network", "w1", "d2", []view.Change{internal(8), anything}, Deny, InternalNetwork, true},
		{"a policy into an internal network", "d2", "w1", []view.Change{internal(7), anything}, Deny, InternalNetwork, true},
		{"a policy within an internal network", "d1", "d2", []view.Change{internal(8), anything}, Allow, PolicyAllows, true},
		{"sites apart", "w1", "d2", []view.Change{grouping("a", 7, 8), at(2, "ams")}, Deny, SitesApart, true},
		{"denied before sites", "w1", "d2", []view.Change{at(2, "ams")}, Deny, NotGrouped, false},
		{"a name that is not known", "w1", "w2", []view.Change{
			view.PutEndpoint(in(7, "10.7.0.3", "", 2, 11)), linking("w1", "d2", deny),
		}, Ignore, NameUnknown, true},
		{"nor is it where nothing denies", "w1", "w2", []view.Change{
			view.PutEndpoint(in(7, "10.7.0.3", "", 2, 11)), linking("w1", "d2", allow),
		}, Allow, SameNetwork, true},
	}
}

// TestOrderOfDecision is the order in which rules are asked, on pairs of all kinds:
// link deny, link allow, same network, shared group, deny.
func TestOrderOfDecision(t *testing.T) {
	for _, c := range orderCases() {
		t.Run(c.name, func(t *testing.T) {
			before := town()
			from, to := find(before, c.from), find(before, c.to)
			v, _ := before.Apply(c.changes...)
			p := Packet{
				Chassis: from.Chassis, Port: from.Port, Network: from.Network,
				Source: from.Address, Destination: to.Address, TTL: 64,
			}
			var d Decision
			Decide(v, &p, &d)
			if d.Verdict != c.verdict || d.Reason != c.reason || d.BySource != c.bySource {
				t.Fatalf("%s: %s; by source: %t", d.Verdict, d.Reason, d.BySource)
			}
			if !d.Holds(v) {
				t.Error("does not hold where it was made")
			}
			if d.Verdict != Allow {
				return
			}
			if d.Network.ID != from.Network || d.DestinationNetwork.ID != to.Network {
				t.Errorf("from %s to %s", d.Network.Name, d.DestinationNetwork.Name)
			}
			arrives(t, v, from, to)
		})
	}
}

// arrives has the other chassis decide about the packet of an allowed pair, as when
// its flow was lost there.
func arrives(t *testing.T, v *view.View, from, to *linkspan.Endpoint) {
	t.Helper()
	p := Packet{
		Chassis: to.Chassis, Port: linkspan.TunnelPort, Sender: from.Chassis, Network: to.Network,
		Source: from.Address, Destination: to.Address, TTL: 63,
	}
	if from.Chassis == to.Chassis {
		return
	}
	var d Decision
	Decide(v, &p, &d)
	if d.Verdict != Allow || d.Source.Network != from.Network || d.Network.ID != from.Network || d.DestinationNetwork.ID != to.Network {
		t.Errorf("on arrival: %s, %s", d.Verdict, d.Reason)
	}
	p.Sender = 3
	Decide(v, &p, &d)
	if d.Verdict != Deny || d.Reason != MisplacedSource {
		t.Errorf("from a third chassis: %s, %s", d.Verdict, d.Reason)
	}
	p.Sender, p.Source = from.Chassis, netip.MustParseAddr("203.0.113.9")
	Decide(v, &p, &d)
	if d.Verdict != Deny || d.Reason != UnknownSource || !d.BySource {
		t.Errorf("from nobody: %s, %s", d.Verdict, d.Reason)
	}
}

// TestDecisionsAcrossFall: with each of what they rest on.
func TestDecisionsAcrossFall(t *testing.T) {
	grouped := grouping("a", 7, 8)
	cases := map[string]struct {
		before []view.Change
		to     string
		change view.Change
		holds  bool
	}{
		"the group is gone":                {[]view.Change{grouped}, "d2", view.RemoveGroup("a"), false},
		"another group allows too":         {[]view.Change{grouped, grouping("b", 7, 8)}, "d2", view.RemoveGroup("a"), true},
		"a network left":                   {[]view.Change{grouped}, "d2", grouping("a", 7), false},
		"another network came":             {[]view.Change{grouped}, "d2", grouping("a", 7, 8, 9), true},
		"a link denies":                    {[]view.Change{grouped}, "d2", linking("w1", "d2", linkspan.LinkDeny), false},
		"a link allows too":                {[]view.Change{grouped}, "d2", linking("w1", "d2", linkspan.LinkAllow), true},
		"a link of others":                 {[]view.Change{grouped}, "d2", linking("w2", "d1", linkspan.LinkDeny), true},
		"the destination moved":            {[]view.Change{grouped}, "d2", view.PutEndpoint(in(8, "10.8.0.3", "d2", 1, 20)), false},
		"the destination's network went":   {[]view.Change{grouped}, "d2", view.RemoveNetwork(8), false},
		"a group with a network not there": {[]view.Change{linking("w1", "r2", linkspan.LinkAllow), view.RemoveNetwork(10)}, "r2", grouping("b", 7, 10), true},
		"denied, then grouped":             {nil, "d2", grouped, false},
		"denied, then linked":              {nil, "d2", linking("w1", "d2", linkspan.LinkAllow), false},
		"denied, another linked":           {nil, "d2", linking("w2", "r1", linkspan.LinkAllow), true},
		"one network, then disconnected":   {nil, "w2", linking("w1", "w2", linkspan.LinkDeny), false},
		"one network, others linked":       {nil, "w2", linking("d1", "w2", linkspan.LinkDeny), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v, _ := town().Apply(c.before...)
			from, to := find(v, "w1"), find(v, c.to)
			d := Between(v, from, to)
			next, _ := v.Apply(c.change)
			if d.Holds(next) != c.holds {
				t.Fatalf("%s (%s) holds: %t", d.Verdict, d.Reason, !c.holds)
			}
		})
	}
}

// TestTransportAcross: packets of two networks go directly only where those of each
// may.
func TestTransportAcross(t *testing.T) {
	near := []view.Change{paths(1, 2), paths(2, 1)}
	wish := func(id linkspan.NetworkID, t linkspan.Transport) view.Change {
		return view.PutNetwork(&linkspan.Network{ID: id, Subnet: netip.MustParsePrefix("10." + string('0'+rune(id)) + ".0.0/24"), Transport: t})
	}
	for name, c := range map[string]struct {
		changes []view.Change
		other   linkspan.NetworkID
		want    linkspan.Transport
		why     Reason
	}{
		"no path":                  {nil, 8, linkspan.Tunnel, NoPath},
		"a path":                   {near, 8, linkspan.Direct, NoReason},
		"the other overlaps":       {near, 9, linkspan.Tunnel, NetworkOverlaps},
		"the other wants a tunnel": {append(near[:2:2], wish(8, linkspan.Tunnel)), 8, linkspan.Tunnel, TunnelWanted},
		"they want both":           {append(near[:2:2], wish(8, linkspan.Tunnel), wish(7, linkspan.Direct)), 8, "", TunnelWanted},
		"one must be direct":       {[]view.Change{wish(8, linkspan.Direct)}, 8, "", NoPath},
	} {
		v, _ := town().Apply(c.changes...)
		for _, pair := range [][2]linkspan.NetworkID{{7, c.other}, {c.other, 7}} {
			got, why := TransportAcross(v, v.Network(pair[0]), v.Network(pair[1]), 1, 2)
			if got != c.want || why != c.why {
				t.Errorf("%s: %q (%s)", name, got, why)
			}
		}
	}
}

func TestDecideAcrossAllocatesNothing(t *testing.T) {
	v, _ := town().Apply(grouping("a", 7, 8), linking("w1", "b2", linkspan.LinkAllow))
	from, d := find(v, "w1"), new(Decision)
	for _, to := range []string{"d2", "b2"} {
		p := Packet{Chassis: 1, Port: from.Port, Network: 7, Source: from.Address, Destination: find(v, to).Address, TTL: 64}
		if n := testing.AllocsPerRun(100, func() { Decide(v, &p, d) }); n != 0 || d.Verdict != Allow {
			t.Errorf("to %s: %v allocations, %s", to, n, d.Reason)
		}
	}
}

// TestDenialsRestOnWhatIsMissing: a denial across networks names the address where
// somebody may come to be, in the network that has it.
func TestDenialsRestOnWhatIsMissing(t *testing.T) {
	v, _ := town().Apply(grouping("a", 7, 8))
	from := find(v, "w1")
	p := Packet{Chassis: 1, Port: from.Port, Network: 7, Source: from.Address, Destination: netip.MustParseAddr("10.8.0.77"), TTL: 64}
	var d Decision
	Decide(v, &p, &d)
	want := []Read{{Key: view.Key{Network: 8, Address: p.Destination}}}
	if diff := cmp.Diff(want, d.Reads(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" || d.Reason != UnknownDestination {
		t.Fatalf("%s: %s", d.Reason, diff)
	}
	next, _ := v.Apply(view.PutEndpoint(in(8, "10.8.0.77", "d3", 2, 33)))
	if d.Holds(next) {
		t.Fatal("it holds although somebody came")
	}
}

func BenchmarkDecideAcross(b *testing.B) {
	v, _ := town().Apply(grouping("a", 7, 8))
	from, d := find(v, "w1"), new(Decision)
	p := Packet{Chassis: 1, Port: from.Port, Network: 7, Source: from.Address, Destination: find(v, "d2").Address, TTL: 64}
	b.ReportAllocs()
	for b.Loop() {
		Decide(v, &p, d)
	}
}
