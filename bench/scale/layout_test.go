// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"
)

// TestLayouts: every endpoint has an address of its own in its network's subnet,
// no two of which overlap, and networks are as even as they are said to be.
func TestLayouts(t *testing.T) {
	const endpoints = 100
	for _, l := range allLayouts() {
		for _, n := range []int{2, 10, 100, 300, 1000} {
			if n > l.most {
				continue
			}
			networks := l.networks(n, endpoints)
			taken := make(map[netip.Addr]bool)
			sizes := make([]int, networks)
			for h := range n {
				for e := range endpoints {
					network, index := l.on(h, e, networks, endpoints)
					a := l.address(network, h, index)
					if !l.subnet(network).Contains(a) || taken[a] || index >= l.stride/2 {
						t.Fatalf("%s, %d hosts: endpoint %d of host %d is at %s of %s", l.name, n, e, h, a, l.subnet(network))
					}
					taken[a] = true
					sizes[network]++
				}
			}
			for network, size := range sizes {
				if size != n*endpoints/networks {
					t.Errorf("%s, %d hosts: network %d has %d endpoints of %d", l.name, n, network, size, n*endpoints)
				}
				if network > 0 && l.subnet(network).Overlaps(l.subnet(network-1)) {
					t.Errorf("%s: %s overlaps its neighbour", l.name, l.subnet(network))
				}
			}
		}
	}
}
