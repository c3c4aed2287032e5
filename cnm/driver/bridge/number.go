// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/netip"
	"sync"

	"github.com/linkspan/linkspan"
)

// numbers hands out the numbers by which the integration bridge knows endpoints where
// routes lead from their network: from the highest down, as those of endpoints with
// real ports go up. The zero value has all of them free.
type numbers struct {
	mu      sync.Mutex
	holders map[string]uint32 // endpoint id to number
	taken   map[uint32]bool
}

// of returns the number that the endpoint holds or, if it holds none, the highest one
// that is free, which it then holds; 0 when none is.
func (n *numbers) of(endpoint string) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if number, ok := n.holders[endpoint]; ok {
		return number
	}
	for number := uint32(linkspan.MaxPort); number > 0; number-- {
		if !n.taken[number] {
			n.hold(endpoint, number)
			return number
		}
	}
	return 0
}

// take notes that the endpoint holds the number.
func (n *numbers) take(endpoint string, number uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if number != 0 {
		n.hold(endpoint, number)
	}
}

func (n *numbers) hold(endpoint string, number uint32) {
	if n.holders == nil {
		n.holders, n.taken = make(map[string]uint32), make(map[uint32]bool)
	}
	n.holders[endpoint], n.taken[number] = number, true
}

// free gives back what the endpoint holds.
func (n *numbers) free(endpoint string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.taken, n.holders[endpoint])
	delete(n.holders, endpoint)
}

// Bridge returns the link of a network and the IPv4 subnet of its containers; ok is
// false when the driver has no such network, or it has none.
func (d *Driver) Bridge(id string) (link string, subnet netip.Prefix, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, ok := d.networks[id]
	return n.link, n.Subnet.Masked(), ok && n.Subnet.IsValid()
}
