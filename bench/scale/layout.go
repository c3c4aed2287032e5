// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/fleet"
)

// layout says how networks lie over hosts.
type layout struct {
	name, about string
	// networks returns how many there are for n hosts with so many endpoints.
	networks func(n, endpoints int) int
	// on returns the network, from 0, of endpoint e of host h, both from 0, and
	// which of the host's endpoints there it is.
	on           func(h, e, networks, endpoints int) (network, index int)
	bits, stride int // of a network's subnet; of the addresses of a host there
	driver       linkspan.Driver
	most         int // hosts
}

// maxHosts is how many hosts can be simulated.
const maxHosts = 1000

// The realistic layout: a network is on many hosts, with some endpoints on each.
const (
	perNetwork = 10  // endpoints of a network on one host
	netSize    = 500 // endpoints of a network
)

func allLayouts() []layout {
	return []layout{
		{
			name:  "shared",
			about: "Networks of 500 endpoints, 10 of them on each of 50 hosts (of fewer hosts while there are not so many); each host is in 10 networks and has up to some hundred peers",
			bits:  17, stride: 32, most: maxHosts,
			networks: func(n, endpoints int) int {
				stripes := endpoints / perNetwork
				return stripes * max(1, n*endpoints/netSize/stripes)
			},
			// The networks are in stripes, of which each host has one each, differently mixed.
			on: func(h, e, networks, endpoints int) (int, int) {
				stripe := networks / (endpoints / perNetwork)
				k := e / perNetwork
				return k*stripe + (h+h/stripe*k)%stripe, e % perNetwork
			},
		},
		{
			name: "flat", about: "The worst case: one network over all hosts, so that all are peers of all",
			bits: 8, stride: 2048, most: maxHosts,
			networks: func(int, int) int { return 1 },
			on:       func(_, e, _, _ int) (int, int) { return 0, e },
		},
		{
			name: "overlay", about: "One overlay network over all hosts: each is told of each endpoint",
			bits: 8, stride: 2048, driver: linkspan.Overlay, most: 300, // all of it is in memory for each simulated host
			networks: func(int, int) int { return 1 },
			on:       func(_, e, _, _ int) (int, int) { return 0, e },
		},
	}
}

func layoutOf(name string) (layout, error) {
	for _, l := range allLayouts() {
		if l.name == name {
			return l, nil
		}
	}
	return layout{}, fmt.Errorf("no layout is named %s", name)
}

// subnet returns that of a network, from 0.
func (l *layout) subnet(network int) netip.Prefix {
	return netip.PrefixFrom(number(netip.AddrFrom4([4]byte{10}), network<<(32-l.bits)), l.bits)
}

// address returns that of one of the endpoints of host h in a network, from 0.
func (l *layout) address(network, h, index int) netip.Addr {
	return number(l.subnet(network).Addr(), (h+1)*l.stride+index)
}

// extraBits is the length of the subnets of networks that are made later.
const extraBits = 19

// extraSubnet returns that of such a network, from 0.
func extraSubnet(network int) netip.Prefix {
	return netip.PrefixFrom(number(netip.AddrFrom4([4]byte{100, 64}), network<<(32-extraBits)), extraBits)
}

// extraEndpoint returns the one endpoint of host h in such a network.
func (l *layout) extraEndpoint(id linkspan.NetworkID, network, h int) fleet.Endpoint {
	return fleet.Endpoint{Network: id, Address: number(extraSubnet(network).Addr(), h+2), Number: 5000, Driver: l.driver}
}

// overlaid says whether the networks are overlays: hosts then know where all
// endpoints are, else bridges have flows for their own.
func (l *layout) overlaid() bool { return l.driver.Is(linkspan.Overlay) }

// number returns the address that stands n after a.
func number(a netip.Addr, n int) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}
