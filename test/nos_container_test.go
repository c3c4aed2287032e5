// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestContainersAreStationsOfTheirVLAN has a host on a port and containers of its VLAN's network, on its switch and on
// another, reach each other whoever decides about the VLAN, by both families.
func TestContainersAreStationsOfTheirVLAN(t *testing.T) {
	w := bare(t, shared(t))
	w.Network(t, "office", "10.40.0.0/24", "--subnet", "fd40::/64", "--ipv6")
	near := w.Run(t, "h1", "near", "--network", "office", "--ip", "10.40.0.20", "--ip6", "fd40::20")
	other := w.Run(t, "h2", "other", "--network", "office", "--ip", "10.40.0.21", "--ip6", "fd40::21")
	a := w.station("h1", "p1", "", "10.40.0.2/24", "fd40::2/64")
	far := w.station("h2", "p1", "", "10.40.0.3/24", "fd40::3/64")
	w.configure("h1", "set vlans 10 network office", "set ports p1 vlan 10")
	w.configure("h2", "set vlans 10 network office", "set ports p1 vlan 10")
	a.meets("2", near, other)
	a.isolated("10.40.0.3") // the two switches have no link of the VLAN
	for _, mode := range []string{"sdn", "traditional"} {
		w.decides("h1", "set control mode "+mode)
		a.meets("2", near, other)
		far.meets("3", near, other)
	}
	near.Reaches(t, other, "office")
}

// meets has a host with the last part of its addresses and the two containers reach each other.
func (s station) meets(last string, containers ...*harness.Container) {
	s.w.t.Helper()
	for i, c := range containers {
		for _, net := range []string{"10.40.0.", "fd40::"} {
			s.reaches(fmt.Sprintf("%s%d", net, 20+i))
			c.Echo(s.w.t, net+last)
		}
	}
}
