// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan/bench/pairs"
	"github.com/linkspan/linkspan/bench/stand"
)

// plain is two containers on two hosts that the kernel's VXLAN joins.
type plain struct {
	subject string
	name    string // at most 10 letters
	subnet  string // the first three bytes
	vni     int
	mtu     string
	network string // of Docker's, that they are in beside it; "none": there is nothing else in their namespaces
}

// end is one of the two.
type end struct{ host, container, address, mac string }

func (p plain) end(host string, number int) end {
	return end{
		host: host, container: fmt.Sprintf("%s-%d", p.name, number), address: fmt.Sprintf("%s.%d", p.subnet, number),
		mac: fmt.Sprintf("02:00:00:%02x:%02x:%02x", p.vni>>8, p.vni&0xff, number),
	}
}

// start starts both.
func (p plain) start(ctx context.Context, s *stand.Stand) (*pairs.Pair, error) {
	a, b := p.end("h1", 1), p.end("h2", 2)
	for _, e := range [][2]end{{a, b}, {b, a}} {
		if err := p.join(ctx, s, e[0], e[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", p.subject, err)
		}
	}
	return &pairs.Pair{Subject: p.subject, Host: a.host, From: a.container, To: b.address}, nil
}

// join gives a host its container, with a veth, a bridge and a vxlan link, and
// tells the kernel all of the other one, so that nothing is learned or asked.
func (p plain) join(ctx context.Context, s *stand.Stand, here, there end) error {
	if err := pairs.Start(ctx, s, here.host, here.container, "--network", p.network); err != nil {
		return err
	}
	within, err := pairs.Veth{
		Host: here.host, Container: here.container, Link: p.name, Address: here.address + "/24", MAC: here.mac, MTU: p.mtu,
	}.Plug(ctx, s)
	if err != nil {
		return err
	}
	if err := unfiltered(s, here.host); err != nil {
		return err
	}
	bridge, vxlan := p.name+"-b", p.name+"-x"
	return s.Each(here.host,
		"ip link add "+bridge+" type bridge mcast_snooping 0",
		fmt.Sprintf("ip link add %s type vxlan id %d dstport 4789 local %s nolearning", vxlan, p.vni, s.Address(here.host)),
		"ip link set "+vxlan+" mtu "+p.mtu+" master "+bridge,
		"ip link set "+p.name+" master "+bridge,
		"bridge link set dev "+vxlan+" learning off flood off",
		"bridge link set dev "+p.name+" learning off",
		fmt.Sprintf("bridge fdb replace %s dev %s dst %s self permanent", there.mac, vxlan, s.Address(there.host)),
		"bridge fdb replace "+there.mac+" dev "+vxlan+" master static",
		"bridge fdb replace "+here.mac+" dev "+p.name+" master static",
		"ip link set "+bridge+" up",
		"ip link set "+vxlan+" up",
		within+"ip neigh replace "+there.address+" lladdr "+there.mac+" dev "+pairs.Inside+" nud permanent",
	)
}

// unfiltered has what a host's bridges pass on not go through its filter of
// packets, as ours does not.
func unfiltered(s *stand.Stand, host string) error {
	for _, key := range []string{"bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"} {
		file := "/proc/sys/net/bridge/" + key
		if _, err := s.On(host, "sh", "-c", "test ! -e "+file+" || echo 0 >"+file); err != nil {
			return err
		}
	}
	return nil
}
