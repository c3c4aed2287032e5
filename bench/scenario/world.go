// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/rulebook"
)

const networkName = "bench"

func subnet() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10}), 8) }

func container(s, p int) string { return fmt.Sprintf("c%d-%d", s, p) }

func chassisName(s int) string { return fmt.Sprintf("h%d", s) }

// labels returns those of the container of host p of switch s, both from 1.
func (f *Fabric) labels(s, p int) map[string]string {
	if f.config.Labels == nil {
		return nil
	}
	return f.config.Labels((s-1)*f.config.Size.Hosts + p - 1)
}

// World returns all that the controller was told, for those who write policies.
func (f *Fabric) World() *rulebook.World {
	n := linkspan.Network{ID: f.network, Name: networkName, Subnet: subnet()}
	n.ApplyDefaults()
	w := &rulebook.World{Networks: []linkspan.Network{n}}
	for i, c := range f.chassis {
		w.Chassis = append(w.Chassis, linkspan.Chassis{ID: c.id, Name: chassisName(i + 1)})
		for p := 1; p <= f.config.Size.Hosts; p++ {
			h := host(i+1, p)
			w.Endpoints = append(w.Endpoints, linkspan.Endpoint{
				Network: f.network, Address: h.Addr, Chassis: c.id, Port: h.Port, MAC: linkspan.MAC(h.MAC),
				Container: container(i+1, p), Labels: f.labels(i+1, p),
			})
		}
	}
	return w
}

// Only has no other questions asked, from now on, than about pairs that may talk.
func (f *Fabric) Only(may func(from, to netip.Addr) bool) { f.may = may }

// asks says whether a pair is to be asked about.
func (f *Fabric) asks(from, to netip.Addr) bool { return f.may == nil || f.may(from, to) }
