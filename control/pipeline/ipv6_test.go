// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

var subnet6 = netip.MustParsePrefix("fd00:7::/64")

func address6(last byte) netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfd, 3: 7, 15: last})
}

func key6(last byte) view.Key { return view.Key{Network: 7, Address: address6(last)} }

// lease6 is the reservation of a second address.
func lease6(id linkspan.NetworkID, last byte, on linkspan.ChassisID) *linkspan.Endpoint {
	return &linkspan.Endpoint{Network: id, Address: address6(last), Chassis: on}
}

// dual is world with IPv6.
func dual() *view.View {
	n := network(7)
	n.Subnet6, n.Gateway6 = subnet6, address6(1)
	changes := []view.Change{view.PutNetwork(n)}
	for e := range world().Endpoints() {
		last := e.Address.As4()[3]
		with := *e
		with.Address6 = address6(last)
		changes = append(changes, view.PutEndpoint(&with), view.PutEndpoint(lease6(7, last, e.Chassis)))
	}
	v, _ := world().Apply(changes...)
	return v
}

// TestStaticFlowsOfIPv6 shows what IPv6 adds to what a chassis has.
func TestStaticFlowsOfIPv6(t *testing.T) {
	without := make(map[string]bool)
	for _, f := range Static(nearby(world()), 1).Flows {
		without[text(f.Add(9))] = true
	}
	s := Static(nearby(dual()), 1)
	slices.SortFunc(s.Flows, func(a, b Flow) int { return a.compare(&b) })
	var out strings.Builder
	for _, f := range s.Flows {
		if line := text(f.Add(9)); !without[line] {
			fmt.Fprintln(&out, line)
		}
	}
	golden(t, "ipv6.txt", out.String())
	if got := len(s.Meters); got != len(Static(nearby(world()), 1).Meters) {
		t.Errorf("%d meters: a second address is to have none of its own", got)
	}
}

// TestFlowsOfDecisionsAboutIPv6 shows what is plugged, denied and deleted.
func TestFlowsOfDecisionsAboutIPv6(t *testing.T) {
	v := dual()
	n := v.Network(7)
	c2, c3, c4 := v.Endpoint(key6(2)), v.Endpoint(key6(3)), v.Endpoint(key6(4))
	away := decide.Packet{Chassis: 1, Port: 12, Network: 7, Source: address6(2), Destination: address6(200), TTL: 64}
	var unknown decide.Decision
	decide.Decide(v, &away, &unknown)
	out := Leg{n, n, c2, c4, linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
	web := decide.BlockOf(decide.ProtocolTCP, 80, 16)
	var all strings.Builder
	for _, part := range []struct {
		title string
		bytes []byte
	}{
		{"the route of .2 and .3 on chassis 1", NewStencil().AppendRoute(nil, 1, 9, Leg{n, n, c2, c3, linkspan.Local, 1, netip.Prefix{}, 0, 0})},
		{"the route of .2 and .4 on chassis 1", NewStencil().AppendRoute(nil, 1, 9, out)},
		{"the same on chassis 2", NewStencil().AppendRoute(nil, 1, 9, Leg{n, n, c2, c4, linkspan.Tunnel, 2, netip.Prefix{}, 0, 0})},
		{"the same, direct, on chassis 1", NewStencil().AppendRoute(nil, 1, 9, Leg{n, n, c2, c4, linkspan.Direct, 1, netip.Prefix{}, 0, 0})},
		{"the pair is tracked", AppendTracked(nil, 1, 9, &out)},
		{"a class of it", AppendClass(nil, 1, 9, &out, web)},
		{"echo requests", AppendClass(nil, 1, 9, &out, decide.BlockOf(decide.ProtocolICMPv6, 128, 16))},
		{"later fragments of it", AppendLater(nil, 1, 9, &out)},
		{"an unknown destination is denied", AppendDeny(nil, 1, 9, &away, &unknown)},
		{"the address goes", AppendUnplug(nil, 1, key6(2))},
		{"the pair goes", AppendUnplugPair(nil, 1, key6(2), key6(4))},
		{"another subnet goes", AppendUnplugSubnet(nil, 1, 7, subnet6)},
	} {
		fmt.Fprintf(&all, "# %s\n", part.title)
		for _, m := range messages(t, part.bytes) {
			fmt.Fprintln(&all, text(m))
		}
	}
	golden(t, "decisions6.txt", all.String())
}

// TestFlowsOfIPv6AreRecognized: a flow of either family says whose it is, and is
// current as long as nothing changed of its ends.
func TestFlowsOfIPv6AreRecognized(t *testing.T) {
	v := dual()
	n := v.Network(7)
	for _, ends := range [][2]view.Key{{key(2), key(4)}, {key6(2), key6(4)}} {
		leg := Leg{n, n, v.Endpoint(ends[0]), v.Endpoint(ends[1]), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
		b := NewStencil().AppendRoute(nil, 1, 9, leg)
		b = AppendClass(b, 1, 9, &leg, decide.BlockOf(decide.ProtocolTCP, 80, 16))
		b = AppendLater(AppendTracked(b, 1, 9, &leg), 1, 9, &leg)
		for _, m := range messages(t, b) {
			f := dumped(m)
			s, ok := StandingOf(v, 1, f)
			if !ok || !cmp.Equal([2]view.Key{s.From, s.To}, ends, cmp.Comparer(func(a, b view.Key) bool { return a == b })) && s.From != ends[1] {
				t.Errorf("%s stands for %s to %s, %t", f, s.From, s.To, ok)
			}
			if !Current(v, 1, f) {
				t.Errorf("%s is not current", f)
			}
			alone, _ := v.Apply(view.RemoveEndpoint(7, address6(4)))
			if Current(alone, 1, f) != ends[0].Address.Is4() {
				t.Errorf("%s: the second address is gone, current is %t", f, Current(alone, 1, f))
			}
		}
	}
}

// TestFlushesOfIPv6NameTheirProtocol: one that finds an ICMPv6 connection by its
// addresses ends ovs-vswitchd 3.1.
func TestFlushesOfIPv6NameTheirProtocol(t *testing.T) {
	v := dual()
	n := v.Network(7)
	leg := Leg{n, n, v.Endpoint(key6(2)), v.Endpoint(key6(4)), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}
	b := AppendFlush(nil, 1, []Fallen{{Leg: leg, All: true}})
	for _, c := range []decide.Class{{}, decide.ClassOf(decide.ProtocolICMPv6), decide.BlockOf(decide.ProtocolICMPv6, 128, 16), decide.ClassOf(decide.ProtocolUDP)} {
		b = AppendFlush(b, 1, []Fallen{{Leg: leg, There: []decide.Class{c}}})
	}
	found := 0
	for len(b) > 0 {
		m, rest, err := openflow.SplitMessage(b)
		var f openflow.CTFlush
		if err != nil || f.Decode(m) != nil {
			t.Fatal(err)
		}
		if f.Proto == 0 || f.Proto == decide.ProtocolICMPv6 {
			t.Errorf("a flush of protocol %d", f.Proto)
		}
		b, found = rest, found+1
	}
	if want := 2*3 + 3 + 1 + 2; found != want {
		t.Errorf("%d flushes, want %d", found, want)
	}
}
