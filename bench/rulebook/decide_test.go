// SPDX-License-Identifier: Apache-2.0

package rulebook_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/rulebook"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// The town of the benchmarks: a hundred hosts of a hundred endpoints each, ten in each
// of the host's networks.
const (
	townHosts    = 100
	townPerHost  = 100
	townNetworks = 20
	perNetwork   = 10
)

func town() *rulebook.World {
	w := new(rulebook.World)
	for n := range townNetworks {
		w.Networks = append(w.Networks, linkspan.Network{
			ID: linkspan.NetworkID(n + 1), Name: fmt.Sprintf("net%03d", n), Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n)}), 16),
		})
	}
	for n := 0; n < townNetworks; n += 4 {
		g := linkspan.Group{Name: fmt.Sprintf("group%02d", n/4)}
		for i := range 4 {
			g = g.With(linkspan.NetworkID(n + i + 1))
		}
		w.Groups = append(w.Groups, g)
	}
	for h := range townHosts {
		w.Chassis = append(w.Chassis, linkspan.Chassis{ID: linkspan.ChassisID(h + 1), Name: fmt.Sprintf("h%d", h+1)})
		for i := range townPerHost {
			n := h%2*townNetworks/2 + i/perNetwork
			w.Endpoints = append(w.Endpoints, linkspan.Endpoint{
				Network: linkspan.NetworkID(n + 1), Address: netip.AddrFrom4([4]byte{10, byte(n), byte(h), byte(i%perNetwork + 2)}),
				Chassis: linkspan.ChassisID(h + 1), Port: uint32(i + 1), MAC: linkspan.MAC{2, 0, 0, byte(h), byte(i), 1},
				Container: fmt.Sprintf("c%d-%d", h, i), Labels: rulebook.Labels(h*townPerHost + i),
			})
		}
	}
	return w
}

// packets returns the first packets of conversations: of each endpoint with some of its
// network, some of its group, and whomever.
func packets(w *rulebook.World, peers int) (all []decide.Packet) {
	random := rand.New(rand.NewPCG(11, uint64(len(w.Endpoints))))
	in := make(map[linkspan.NetworkID][]*linkspan.Endpoint)
	for i := range w.Endpoints {
		in[w.Endpoints[i].Network] = append(in[w.Endpoints[i].Network], &w.Endpoints[i])
	}
	for i := range w.Endpoints {
		a := &w.Endpoints[i]
		for k := range peers {
			id := a.Network
			if k%2 == 1 {
				id = (a.Network-1)/4*4 + 1 + linkspan.NetworkID(random.IntN(4))
			}
			b := in[id][random.IntN(len(in[id]))]
			if k%4 == 3 {
				b = &w.Endpoints[random.IntN(len(w.Endpoints))]
			}
			if a != b {
				all = append(all, decide.Packet{
					Chassis: a.Chassis, Port: a.Port, Network: a.Network, Source: a.Address, Destination: b.Address, TTL: 64,
					Connection: decide.Connection{Protocol: linkspan.ProtocolTCP, SourcePort: 40000, DestinationPort: 443},
				})
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// cpuTime returns what the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDecision is a decision about two endpoints of ten thousand: the first since
// policies changed, one that was made before, and one where there are no policies.
func BenchmarkDecision(b *testing.B) {
	w := town()
	all := packets(w, 4)
	governed, free := w.View(w.Policies(5000)), w.View(nil)
	for _, c := range []struct {
		name  string
		view  *view.View
		again bool
	}{{"first", governed, false}, {"again", governed, true}, {"no policies", free, true}} {
		b.Run(c.name, func(b *testing.B) {
			var d decide.Decision
			memo := new(decide.Memo)
			for i := range all {
				if c.again {
					memo.Decide(c.view, &all[i], &d)
				}
			}
			b.ReportAllocs()
			before := cpuTime()
			for i := 0; b.Loop(); i++ {
				if i%len(all) == 0 && !c.again {
					memo = new(decide.Memo)
				}
				memo.Decide(c.view, &all[i%len(all)], &d)
			}
			// On a busy machine this says more than the time on the wall.
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
