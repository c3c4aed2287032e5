// SPDX-License-Identifier: Apache-2.0

package decide_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// The world of the benchmarks: a thousand applications of ten containers each,
// over a hundred hosts and twenty networks, and five policies for each.
const (
	manyApps      = 1000
	manyReplicas  = 10
	manyHosts     = 100
	manyNetworks  = 20
	policiesOfApp = 5
)

func manyEndpoint(app, replica int) *linkspan.Endpoint {
	n := app*manyReplicas + replica
	network := linkspan.NetworkID(app%manyNetworks + 1)
	labels := map[string]string{ // as many as Compose sets
		"app": fmt.Sprintf("app%d", app), "tier": fmt.Sprintf("tier%d", app%3), "replica": fmt.Sprint(replica),
	}
	for i := range 7 {
		labels[fmt.Sprintf("com.docker.compose.label%d", i)] = fmt.Sprintf("value%d", n)
	}
	return &linkspan.Endpoint{
		Network: network, Address: netip.AddrFrom4([4]byte{10, byte(network), byte(n / 250), byte(n%250 + 2)}),
		Chassis: linkspan.ChassisID(n%manyHosts + 1), Port: uint32(n/manyHosts + 1), MAC: linkspan.MAC{2, 0, 0, 0, byte(n >> 8), byte(n)},
		Container: fmt.Sprintf("app%d-%d", app, replica), Labels: labels,
	}
}

// manyPolicies are those of an application: who may ask it, on what ports, and
// what it may not.
func manyPolicies(app int) []*linkspan.Policy {
	self := []linkspan.Selector{{Labels: map[string]string{"app": fmt.Sprintf("app%d", app)}}}
	peer := []linkspan.Selector{{Labels: map[string]string{"app": fmt.Sprintf("app%d", (app+manyNetworks)%manyApps)}}}
	id := func(i int) linkspan.PolicyID { return linkspan.PolicyID(app*policiesOfApp + i + 1) }
	tcp := func(port uint16) []linkspan.PolicyPorts {
		return []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: port, Last: port}}
	}
	all := []*linkspan.Policy{
		{Priority: 100, Action: linkspan.PolicyAllow, From: peer, To: self, Ports: tcp(5432)},
		{Priority: 100, Action: linkspan.PolicyAllow, From: []linkspan.Selector{{Network: fmt.Sprintf("net%d", app%manyNetworks+1), Labels: map[string]string{"tier": "tier0"}}}, To: self, Ports: tcp(80)},
		{Priority: 90, Action: linkspan.PolicyReject, From: peer, To: self, Ports: tcp(22)},
		{Priority: 80, Action: linkspan.PolicyDeny, From: []linkspan.Selector{{CIDR: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 99, byte(app >> 8), byte(app)}), 32)}}, To: self},
		{Priority: 10, Action: linkspan.PolicyDeny, To: self},
	}
	for i, p := range all {
		p.ID, p.Name = id(i), fmt.Sprintf("app%d-%d", app, i)
	}
	return all
}

func manyNetwork(id int) *linkspan.Network {
	return &linkspan.Network{ID: linkspan.NetworkID(id), Name: fmt.Sprintf("net%d", id), Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id), 0, 0}), 16)}
}

func manyView(policies bool) *view.View {
	var changes []view.Change
	for id := range manyNetworks {
		changes = append(changes, view.PutNetwork(manyNetwork(id+1)))
	}
	for id := range manyHosts {
		changes = append(changes, view.PutChassis(&linkspan.Chassis{ID: linkspan.ChassisID(id + 1), Name: fmt.Sprintf("h%d", id+1)}))
	}
	for app := range manyApps {
		for replica := range manyReplicas {
			changes = append(changes, view.PutEndpoint(manyEndpoint(app, replica)))
		}
		if policies {
			for _, p := range manyPolicies(app) {
				changes = append(changes, view.PutPolicy(p))
			}
		}
	}
	v, _ := new(view.View).Apply(changes...)
	return v
}

// pairsOf returns parties that talk: each application with its peer.
func pairsOf(v *view.View, count int) (pairs [][2]view.Party) {
	for i := range count {
		app := i * 7 % manyApps
		a, b := manyEndpoint((app+manyNetworks)%manyApps, i%manyReplicas), manyEndpoint(app, (i+1)%manyReplicas)
		pairs = append(pairs, [2]view.Party{view.PartyOf(v.Endpoint(view.KeyOf(a))), view.PartyOf(v.Endpoint(view.KeyOf(b)))})
	}
	return pairs
}

func TestNoAllocationForAKnownPair(t *testing.T) {
	v, memo := manyView(true), new(decide.Memo)
	pairs := pairsOf(v, 100)
	ask := func() {
		for _, p := range pairs {
			for _, ends := range [2][2]view.Party{p, {p[1], p[0]}} {
				if r := memo.Rules(v, ends[0], ends[1], linkspan.PolicyAllow); r.Judge(linkspan.ProtocolTCP, 5432).Action == 0 {
					t.Error("no verdict")
				}
			}
		}
	}
	ask()
	if n := testing.AllocsPerRun(10, ask); n != 0 {
		t.Errorf("%v allocations", n)
	}
	r := memo.Rules(v, pairs[1][0], pairs[1][1], linkspan.PolicyAllow)
	for port, want := range map[uint16]linkspan.PolicyAction{5432: linkspan.PolicyAllow, 22: linkspan.PolicyReject, 23: linkspan.PolicyDeny} {
		if got := r.Judge(linkspan.ProtocolTCP, port).Action; got != want {
			t.Errorf("port %d: %v, want %v", port, got, want)
		}
	}
	if action, ok := memo.Rules(v, pairs[1][1], pairs[1][0], linkspan.PolicyAllow).Uniform(); !ok && action == 0 {
		t.Log("the way back is not of one verdict") // the peer has policies of its own
	}
}

func BenchmarkKnownPair(b *testing.B) {
	for name, policies := range map[string]bool{"no policies": false, "5000 policies": true} {
		b.Run(name, func(b *testing.B) {
			v, memo := manyView(policies), new(decide.Memo)
			pairs := pairsOf(v, 1000)
			for _, p := range pairs {
				memo.Rules(v, p[0], p[1], linkspan.PolicyAllow)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p := pairs[i%len(pairs)]
				memo.Rules(v, p[0], p[1], linkspan.PolicyAllow).Judge(linkspan.ProtocolTCP, 5432)
			}
		})
	}
}

// BenchmarkNewPair is the first packet between two endpoints since the last change
// of a policy.
func BenchmarkNewPair(b *testing.B) {
	v, memo := manyView(true), new(decide.Memo)
	pairs := pairsOf(v, 1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(pairs) == 0 {
			memo = new(decide.Memo)
		}
		p := pairs[i%len(pairs)]
		memo.Rules(v, p[0], p[1], linkspan.PolicyAllow).Judge(linkspan.ProtocolTCP, 5432)
	}
}

func BenchmarkApplyOneChange(b *testing.B) {
	v := manyView(true)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := *manyPolicies(i % manyApps)[0]
		p.Ports = []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: uint16(i), Last: uint16(i)}}
		next, delta := v.Apply(view.PutPolicy(&p))
		if s := view.Selected(v, next, delta.Policies...); len(s.Endpoints) != manyReplicas {
			b.Fatalf("%d are selected", len(s.Endpoints))
		}
		v = next
	}
}

// BenchmarkApplyOneEndpoint is what policies add to the change of an endpoint.
func BenchmarkApplyOneEndpoint(b *testing.B) {
	for name, policies := range map[string]bool{"no policies": false, "5000 policies": true} {
		b.Run(name, func(b *testing.B) {
			v := manyView(policies)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e := manyEndpoint(i%manyApps, 3)
				e.ID = fmt.Sprint(i)
				v, _ = v.Apply(view.PutEndpoint(e))
			}
		})
	}
}

// BenchmarkMemory is what 5,000 policies over 10,000 endpoints hold, in the View
// and in a Memo that was asked about a thousand pairs.
func BenchmarkMemory(b *testing.B) {
	held := func(make func() any) float64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		kept := make()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(kept)
		return float64(after.HeapAlloc) - float64(before.HeapAlloc)
	}
	for b.Loop() {
		without := held(func() any { return manyView(false) })
		with := held(func() any { return manyView(true) })
		v := manyView(true)
		pairs := pairsOf(v, 1000)
		memo := held(func() any {
			m := new(decide.Memo)
			for _, p := range pairs {
				m.Rules(v, p[0], p[1], linkspan.PolicyAllow)
			}
			return m
		})
		runtime.KeepAlive(v)
		b.ReportMetric((with-without)/1e6, "MB/policies")
		b.ReportMetric(without/1e6, "MB/rest")
		b.ReportMetric(memo/1e6, "MB/memo")
	}
}
