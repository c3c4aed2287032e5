// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func address(last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 7, 0, last}) }

func endpoint(last byte, on linkspan.ChassisID, port uint32) *linkspan.Endpoint {
	return &linkspan.Endpoint{
		Network: 7, Address: address(last), Chassis: on, Port: port,
		MAC: linkspan.MAC{2, 0, 0, 0, 0, last},
	}
}

// world: .2 and .3 on chassis 1, .4 on chassis 2, .9 is reserved only.
func world() *view.View {
	v, _ := new(view.View).Apply(
		view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24")}),
		view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}),
		view.PutChassis(&linkspan.Chassis{ID: 2, Name: "h2", Underlay: netip.MustParseAddr("192.0.2.2")}),
		view.PutEndpoint(endpoint(2, 1, 12)), view.PutEndpoint(endpoint(3, 1, 13)),
		view.PutEndpoint(endpoint(4, 2, 14)), view.PutEndpoint(endpoint(9, 2, 0)),
	)
	return v
}

// from is a packet of the endpoint at .2, or of .4 through the tunnel.
func from(to byte, ttl uint8) Packet {
	return Packet{Chassis: 1, Port: 12, Network: 7, Source: address(2), Destination: address(to), TTL: ttl}
}

func tunnelled(source, to byte, ttl uint8) Packet {
	return Packet{
		Chassis: 1, Port: linkspan.TunnelPort, Sender: 2, Network: 7,
		Source: address(source), Destination: address(to), TTL: ttl,
	}
}

func with(p Packet, change func(*Packet)) Packet {
	change(&p)
	return p
}

func TestDecide(t *testing.T) {
	type outcome struct {
		Verdict               Verdict
		Reason                Reason
		BySource, Destination bool
		Reads                 int
	}
	allowed := outcome{Allow, SameNetwork, true, true, 2}
	cases := map[string]struct {
		packet Packet
		want   outcome
	}{
		"same chassis":                         {from(3, 64), allowed},
		"same chassis, no hop":                 {from(3, 1), allowed},
		"other chassis":                        {from(4, 64), allowed},
		"other chassis, expired":               {from(4, 1), outcome{Expire, TimeExceeded, false, false, 2}},
		"nobody there":                         {from(200, 64), outcome{Deny, UnknownDestination, false, true, 1}},
		"nobody there, expired":                {from(200, 1), outcome{Deny, UnknownDestination, false, true, 1}},
		"only reserved":                        {from(9, 64), outcome{Deny, UnknownDestination, false, true, 1}},
		"another network's address":            {with(from(3, 64), func(p *Packet) { p.Destination = netip.MustParseAddr("10.8.0.2") }), outcome{Allow, WayOut, true, true, 1}},
		"itself":                               {from(2, 64), outcome{Deny, OwnAddress, true, true, 1}},
		"unknown network":                      {with(from(3, 64), func(p *Packet) { p.Network = 8 }), outcome{Ignore, NoNetwork, false, false, 0}},
		"source gone":                          {with(from(3, 64), func(p *Packet) { p.Source = address(77) }), outcome{Ignore, UnknownSource, false, false, 0}},
		"source at another port":               {with(from(3, 64), func(p *Packet) { p.Port = 13 }), outcome{Ignore, MisplacedSource, false, false, 0}},
		"source on another chassis":            {with(from(3, 64), func(p *Packet) { p.Source = address(4); p.Port = 14 }), outcome{Ignore, MisplacedSource, false, false, 0}},
		"tunnel":                               {tunnelled(4, 2, 63), allowed},
		"tunnel, expired":                      {tunnelled(4, 2, 1), outcome{Expire, TimeExceeded, false, false, 2}},
		"tunnel, unknown source":               {tunnelled(77, 2, 63), outcome{Deny, UnknownSource, true, false, 1}},
		"tunnel, source on this chassis":       {tunnelled(3, 2, 63), outcome{Deny, MisplacedSource, true, false, 1}},
		"tunnel, source on a third chassis":    {with(tunnelled(4, 2, 63), func(p *Packet) { p.Sender = 3 }), outcome{Deny, MisplacedSource, true, false, 1}},
		"tunnel, destination not there":        {with(tunnelled(4, 4, 63), func(p *Packet) { p.Destination = address(9) }), outcome{Deny, UnknownDestination, false, true, 1}},
		"tunnel, destination where it started": {with(tunnelled(2, 4, 63), func(p *Packet) { p.Sender, p.Chassis = 1, 3 }), outcome{Deny, MisplacedDestination, false, true, 1}},
	}
	v := world()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var d Decision
			Decide(v, &c.packet, &d)
			got := outcome{d.Verdict, d.Reason, d.BySource, d.ByDestination, len(d.Reads())}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			if !d.Holds(v) {
				t.Fatal("does not hold in the view it was made in")
			}
		})
	}
}

func TestHopAnswersFromWhereThePacketDied(t *testing.T) {
	v := world()
	var d Decision
	out, in := from(4, 1), tunnelled(4, 2, 1)
	in.Chassis = 1
	Decide(v, &out, &d)
	if d.Hop.ID != 1 {
		t.Fatalf("leaving: hop is chassis %d", d.Hop.ID)
	}
	Decide(v, &in, &d)
	if d.Hop.ID != 1 {
		t.Fatalf("arriving: hop is chassis %d", d.Hop.ID)
	}
}

func TestDecisionFallsWithItsRecords(t *testing.T) {
	v := world()
	label := endpoint(3, 1, 13)
	label.Labels = map[string]string{"a": "b"}
	cases := map[string]struct {
		packet Packet
		change view.Change
		holds  bool
	}{
		"destination moved":          {from(3, 64), view.PutEndpoint(endpoint(3, 2, 20)), false},
		"destination gone":           {from(3, 64), view.RemoveEndpoint(7, address(3)), false},
		"destination labelled":       {from(3, 64), view.PutEndpoint(label), false},
		"source gone":                {from(3, 64), view.RemoveEndpoint(7, address(2)), false},
		"network gone":               {from(3, 64), view.RemoveNetwork(7), false},
		"another endpoint gone":      {from(3, 64), view.RemoveEndpoint(7, address(4)), true},
		"missing destination came":   {from(200, 64), view.PutEndpoint(endpoint(200, 2, 30)), false},
		"denied, source gone":        {from(200, 64), view.RemoveEndpoint(7, address(2)), true},
		"the same record once again": {from(3, 64), view.PutEndpoint(endpoint(3, 1, 13)), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var d Decision
			Decide(v, &c.packet, &d)
			next, _ := v.Apply(c.change)
			if d.Holds(next) != c.holds {
				t.Fatalf("holds: %t", !c.holds)
			}
		})
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	v, p, d := world(), from(4, 64), new(Decision)
	if n := testing.AllocsPerRun(100, func() { Decide(v, &p, d); d.Holds(v) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	v, p, d := world(), from(3, 64), new(Decision)
	b.ReportAllocs()
	for b.Loop() {
		Decide(v, &p, d)
	}
}
