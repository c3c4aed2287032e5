// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"math/bits"
	"sync"

	"github.com/linkspan/linkspan"
)

// firstPort is the lowest port number of an endpoint; those below it are for
// the bridge's own ports. The highest is [linkspan.MaxPort].
const firstPort = 100

// portSet is a set of port numbers up to the highest.
type portSet [linkspan.MaxPort/64 + 1]uint64

// add adds a number, unless it is above the highest.
func (s *portSet) add(port uint32) {
	if port <= linkspan.MaxPort {
		s[port/64] |= 1 << (port % 64)
	}
}

func (s *portSet) remove(port uint32) { s[port/64] &^= 1 << (port % 64) }

// numbers hands out port numbers; the zero value has all of them free.
type numbers struct {
	mu      sync.Mutex
	taken   portSet
	holders map[string]uint32 // endpoint id to number
}

// lowest returns the number that the endpoint holds or, if it holds none, the
// lowest one that is free and not in except, which it then holds.
func (n *numbers) lowest(endpoint string, except portSet) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if port, ok := n.holders[endpoint]; ok {
		return port, nil
	}
	for i := firstPort / 64; i < len(n.taken); i++ {
		word := n.taken[i] | except[i]
		if i == firstPort/64 {
			word |= 1<<(firstPort%64) - 1
		}
		port := uint32(i*64 + bits.TrailingZeros64(^word))
		if ^word != 0 && port <= linkspan.MaxPort {
			n.hold(port, endpoint)
			return port, nil
		}
	}
	return 0, &linkspan.Error{Code: linkspan.Exhausted, Message: "all port numbers are in use"}
}

// take notes that the endpoint holds the number.
func (n *numbers) take(port uint32, endpoint string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if port <= linkspan.MaxPort {
		n.hold(port, endpoint)
	}
}

func (n *numbers) hold(port uint32, endpoint string) {
	if n.holders == nil {
		n.holders = make(map[string]uint32)
	}
	n.holders[endpoint] = port
	n.taken.add(port)
}

// free gives back what the endpoint holds.
func (n *numbers) free(endpoint string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if port, ok := n.holders[endpoint]; ok {
		delete(n.holders, endpoint)
		n.taken.remove(port)
	}
}

// Number returns the number of a port for somebody else who makes endpoints on br-link: the
// one that id holds or, if it holds none, a free one that it then holds. The error has
// code Exhausted.
func (d *Driver) Number(id string) (uint32, error) { return d.numbers.lowest(id, d.stored()) }

// Hold notes that somebody else's id holds a number, from before this process.
func (d *Driver) Hold(id string, number uint32) { d.numbers.take(number, id) }

// Free gives back what somebody else's id holds.
func (d *Driver) Free(id string) { d.numbers.free(id) }
