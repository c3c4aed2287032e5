// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan/bench/pairs"
	"github.com/linkspan/linkspan/bench/stand"
)

// mtu is every container's: what fits into a tunnel over 1500 bytes.
const mtu = "1450"

// static is two containers that a flow each way joins.
type static struct {
	subject  string
	name     string // at most 4 letters
	subnet   string // the first three bytes
	features string // of ethtool, so that offloads are those of containers of ours
	// matched has the flows match addresses, as whoever joins two of many must.
	// Flows that match the port alone are found without a look at the packet
	// (Open vSwitch 3.0 and later).
	matched bool
}

// end is one of the two.
type end struct{ host, name, link, address string }

func (c static) end(host, letter, last string) end {
	return end{host, c.name + "-" + letter, c.name + letter, c.subnet + "." + last}
}

// joined starts the two on one host.
func (c static) joined(ctx context.Context, s *stand.Stand, l *layout) (*pairs.Pair, error) {
	a, b := c.end("h1", "a", "1"), c.end("h1", "b", "2")
	for _, e := range []end{a, b} {
		if err := e.start(ctx, s, c.features); err != nil {
			return nil, err
		}
	}
	if err := c.bridge(s, l, a, a.link, b.link, b.address); err != nil {
		return nil, err
	}
	return &pairs.Pair{Subject: c.subject, Host: a.host, From: a.name, To: b.address}, nil
}

// apart starts them on two hosts, with a vxlan device between them.
func (c static) apart(ctx context.Context, s *stand.Stand, l *layout, number int) (*pairs.Pair, error) {
	a, b := c.end("h1", "a", "1"), c.end("h2", "b", "2")
	for _, e := range [][2]end{{a, b}, {b, a}} {
		here, there := e[0], e[1]
		if err := here.start(ctx, s, c.features); err != nil {
			return nil, err
		}
		if err := s.Each(here.host,
			fmt.Sprintf("ip link add %sx type vxlan id %d dstport 4791 local %s remote %s nolearning",
				c.name, number, s.Address(here.host), s.Address(there.host)),
			"ip link set "+c.name+"x mtu "+mtu+" up",
		); err != nil {
			return nil, err
		}
		if err := c.bridge(s, l, here, here.link, c.name+"x", there.address); err != nil {
			return nil, err
		}
	}
	return &pairs.Pair{Subject: c.subject, Host: a.host, From: a.name, To: b.address}, nil
}

// start starts the container and gives it a veth as a container of ours has,
// with the same offloads. It is in a network of ours too, unused: Docker's rules
// for names in a container, and ours, have its kernel track connections, which
// is not to be a difference.
func (e end) start(ctx context.Context, s *stand.Stand, features string) error {
	if err := pairs.Start(ctx, s, e.host, e.name, "--network", "near"); err != nil {
		return err
	}
	within, err := pairs.Veth{Host: e.host, Container: e.name, Link: e.link, Address: e.address + "/24", MTU: mtu}.Plug(ctx, s)
	if err != nil {
		return err
	}
	return s.Each(e.host,
		within+"ethtool -K "+pairs.Inside+" "+features,
		within+"ip link set "+pairs.Inside+" gso_max_size 65000",
	)
}

// bridge makes a bridge with two ports and a flow each way. What asks for
// addresses is let through beside them.
func (c static) bridge(s *stand.Stand, l *layout, e end, a, b, far string) error {
	name, there, back := "br-"+c.name, "", ""
	if c.matched {
		there, back = ",ip,nw_src="+e.address+",nw_dst="+far, ",ip,nw_src="+far+",nw_dst="+e.address
	}
	for number, port := range []string{a, b} {
		l.add(e.host, "ovs-vsctl del-port "+port,
			fmt.Sprintf("ovs-vsctl add-port %s %s -- set interface %s ofport_request=%d", name, port, port, number+1))
	}
	return s.Each(e.host,
		"ovs-vsctl add-br "+name+" -- set bridge "+name+" datapath_type=netdev fail_mode=secure other_config:disable-in-band=true"+
			" -- add-port "+name+" "+a+" -- set interface "+a+" ofport_request=1"+
			" -- add-port "+name+" "+b+" -- set interface "+b+" ofport_request=2",
		"ovs-ofctl add-flow "+name+" in_port=1"+there+",actions=output:2",
		"ovs-ofctl add-flow "+name+" in_port=2"+back+",actions=output:1",
		"ovs-ofctl add-flow "+name+" in_port=1,arp,actions=output:2",
		"ovs-ofctl add-flow "+name+" in_port=2,arp,actions=output:1",
	)
}
