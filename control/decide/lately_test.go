// SPDX-License-Identifier: Apache-2.0

package decide_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// TestLatelyIsNeverStale: among many more pairs than a Memo has slots for, each decision
// is what one without a memory makes, also when a policy has come or gone.
func TestLatelyIsNeverStale(t *testing.T) {
	v, memo := manyView(true), new(decide.Memo)
	gone, _ := v.Apply(view.RemovePolicy(linkspan.PolicyID(1)), view.RemovePolicy(linkspan.PolicyID(10*policiesOfApp)))
	pairs := pairsOf(v, 3000)
	for round, w := range []*view.View{v, v, gone, v} {
		for i, p := range pairs {
			a, b := p[0].Endpoint, p[1].Endpoint
			got := memo.Between(w, a, b)
			if i%10 != round { // a memory for once takes its time
				continue
			}
			want := decide.Between(w, a, b)
			x, y := got.Rules()
			f, g := want.Rules()
			if got.Verdict != want.Verdict || got.Reason != want.Reason || got.Tracked != want.Tracked ||
				x.Judge(linkspan.ProtocolTCP, 5432) != f.Judge(linkspan.ProtocolTCP, 5432) || y.Judge(linkspan.ProtocolTCP, 22) != g.Judge(linkspan.ProtocolTCP, 22) {
				t.Fatalf("round %d, pair %d: %v %v, want %v %v", round, i, got.Verdict, got.Reason, want.Verdict, want.Reason)
			}
		}
	}
}

// recalling is a small world whose endpoints come, go and change.
type recalling struct {
	view *view.View
	past []*view.View
}

func (w *recalling) apply(changes ...view.Change) {
	w.view, _ = w.view.Apply(changes...)
	w.past = append(w.past, w.view)
}

// populate makes two networks in which every address has an endpoint.
func (w *recalling) populate() {
	for network := linkspan.NetworkID(1); network <= 2; network++ {
		w.apply(recallingNetwork(network, 16))
		for n := byte(1); n <= recallingAddresses; n++ {
			w.apply(view.PutEndpoint(&linkspan.Endpoint{
				Network: network, Address: recallingAddress(network, n), MAC: linkspan.MAC{2}, Chassis: 1, Port: uint32(network)*100 + uint32(n),
			}))
		}
	}
	w.apply(recallingPolicy(1, linkspan.PolicyDeny))
}

// change changes one thing.
func (w *recalling) change(t *rapid.T) {
	network := linkspan.NetworkID(rapid.IntRange(1, 2).Draw(t, "network"))
	address := drawRecalling(t, network)
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		w.apply(view.RemoveEndpoint(network, address))
	case 1:
		w.apply(recallingPolicy(linkspan.PolicyID(rapid.IntRange(1, 3).Draw(t, "policy")), linkspan.PolicyAction(rapid.IntRange(1, 3).Draw(t, "action"))))
	case 2:
		w.apply(recallingNetwork(network, rapid.SampledFrom([]int{16, 30}).Draw(t, "bits")))
	default:
		w.apply(view.PutEndpoint(&linkspan.Endpoint{
			Network: network, Address: address, MAC: linkspan.MAC{2}, Chassis: linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis")),
			Port: uint32(rapid.IntRange(0, 3).Draw(t, "port")), Labels: map[string]string{"app": rapid.SampledFrom([]string{"a", "b"}).Draw(t, "app")},
		}))
	}
}

func recallingNetwork(id linkspan.NetworkID, bits int) view.Change {
	return view.PutNetwork(&linkspan.Network{
		ID: id, Name: fmt.Sprint("n", id), Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id)}), bits),
	})
}

func recallingPolicy(id linkspan.PolicyID, action linkspan.PolicyAction) view.Change {
	return view.PutPolicy(&linkspan.Policy{
		ID: id, Name: fmt.Sprint("p", id), Priority: uint16(id), Action: action,
		From: []linkspan.Selector{{Labels: map[string]string{"app": "a"}}}, Ports: []linkspan.PolicyPorts{linkspan.WholeProtocol(linkspan.ProtocolTCP)},
	})
}

const recallingAddresses = 6

func recallingAddress(network linkspan.NetworkID, n byte) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(network), 0, n})
}

func drawRecalling(t *rapid.T, network linkspan.NetworkID) netip.Addr {
	return recallingAddress(network, byte(rapid.IntRange(1, recallingAddresses).Draw(t, "address")))
}

// TestRecalledIsNeverStale: who remembers whom addresses meant decides as who looks them
// up, while endpoints come, go and change, networks have others, and a decision is about
// what was before.
func TestRecalledIsNeverStale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, memo := recalling{view: new(view.View)}, new(decide.Memo)
		w.populate()
		for range rapid.IntRange(1, 10).Draw(t, "changes") {
			for network := linkspan.NetworkID(1); network <= 2; network++ {
				for i := range 3 * recallingAddresses {
					decidedAlike(t, memo, w.view, network, recallingAddress(network, byte(i%recallingAddresses+1)), drawRecalling(t, linkspan.NetworkID(i%2+1)))
				}
			}
			w.change(t)
			late := rapid.SampledFrom(w.past).Draw(t, "past")
			decidedAlike(t, memo, late, 1, drawRecalling(t, 1), drawRecalling(t, 1))
		}
	})
}

// decidedAlike decides about a packet with what is remembered, and without.
func decidedAlike(t *rapid.T, memo *decide.Memo, v *view.View, in linkspan.NetworkID, from, to netip.Addr) {
	p := decide.Packet{Network: in, Source: from, Destination: to, TTL: 64, Connection: decide.Connection{Protocol: linkspan.ProtocolTCP, DestinationPort: 80}}
	if e := v.Endpoint(view.Key{Network: in, Address: from}); e != nil {
		p.Chassis, p.Port = e.Chassis, e.Port
	}
	var got, want decide.Decision
	memo.Decide(v, &p, &got)
	decide.Decide(v, &p, &want)
	x, y := summary(&got), summary(&want)
	if x != y || !sameRecord(got.Source, want.Source) || !sameRecord(got.Destination, want.Destination) || !slices.Equal(got.Reads(), want.Reads()) {
		t.Fatalf("%+v: %s, want %s", p, x, y)
	}
}

// sameRecord says whether two ends are one; what is outside each decision makes for itself.
func sameRecord(a, b *linkspan.Endpoint) bool {
	return a == b || a != nil && b != nil && a.Outside() && b.Outside() && a.Address == b.Address
}

// summary is a decision without what a Memo makes for itself.
func summary(d *decide.Decision) string {
	there, back := d.Rules()
	uniform := func(r *decide.Rules) (a linkspan.PolicyAction) {
		if r != nil {
			a, _ = r.Uniform()
		}
		return a
	}
	return fmt.Sprint(d.Verdict, d.Reason, d.Policy, d.Tracked, d.Class, d.Transport, d.Way, d.BySource, d.ByDestination, uniform(there), uniform(back))
}
