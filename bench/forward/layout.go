// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/stand"
)

// layout is the ports of all pairs. A userspace datapath looks at all its ports,
// one after the other, each time that it wakes, in the order of a hash over the
// numbers that they were given when they were added; a port with nothing to say
// costs some 5 us. So who is first has the shorter way, for as long as
// its port is there, and the pairs are given other numbers between measurements.
type layout struct{ ports []attached }

// attached is a port of a pair on a host, with the commands that take it off the
// datapath and put it back.
type attached struct{ host, off, back string }

// add adds a port.
func (l *layout) add(host, off, back string) { l.ports = append(l.ports, attached{host, off, back}) }

// uplinks adds the ports that lead to other hosts.
func (l *layout) uplinks(s *stand.Stand) {
	for _, host := range s.Hosts() {
		l.add(host, "ovs-vsctl del-port lsvx",
			fmt.Sprintf("ovs-vsctl add-port br-link lsvx -- set interface lsvx ofport_request=%d", linkspan.TunnelPort))
		l.add(host, "ovs-vsctl del-port lsdx",
			fmt.Sprintf("ovs-vsctl add-port br-link lsdx -- set interface lsdx ofport_request=%d", linkspan.DirectPort))
	}
}

// shuffle takes all ports off and puts them back in another order, which round
// decides.
func (l *layout) shuffle(ctx context.Context, s *stand.Stand, round int) error {
	order := rand.New(rand.NewPCG(1, uint64(round))).Perm(len(l.ports))
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := s.On(l.ports[i].host, strings.Fields(l.ports[i].off)...); err != nil {
			return err
		}
	}
	order = rand.New(rand.NewPCG(2, uint64(round))).Perm(len(l.ports))
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := s.On(l.ports[i].host, strings.Fields(l.ports[i].back)...); err != nil {
			return err
		}
	}
	return nil
}
