// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan/bench/pairs"
	"github.com/linkspan/linkspan/bench/stand"
)

// plain is two containers on two hosts that the kernel's VXLAN joins, or two
// network namespaces.
type plain struct {
	subject string
	name    string // at most 10 letters
	subnet  string // the first three bytes
	vni     int
	mtu     string
	network string // of Docker's, that containers are in beside it; "none": there is nothing else in their namespaces; empty: they are no containers
}

// end is one of the two.
type end struct{ host, name, address, mac string }

func (p plain) end(host string, number int) end {
	return end{
		host: host, name: fmt.Sprintf("%s-%d", p.name, number), address: fmt.Sprintf("%s.%d", p.subnet, number),
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
	if p.network == "" {
		return pairs.Between(ctx, s, p.subject, a.space(), b.space())
	}
	return &pairs.Pair{Subject: p.subject, Host: a.host, From: a.name, To: b.address}, nil
}

func (e end) space() pairs.Space {
	return pairs.Space{Host: e.host, Within: pairs.Named(e.name), Address: e.address}
}

// place makes one end, and says which link it is to get.
func (p plain) place(ctx context.Context, s *stand.Stand, e end) (pairs.Veth, error) {
	v := pairs.Veth{Host: e.host, Link: p.name, Address: e.address + "/24", MAC: e.mac, MTU: p.mtu}
	if p.network == "" {
		v.Namespace = e.name
		return v, s.Each(e.host, "ip netns add "+e.name, pairs.Named(e.name)+"ip link set lo up")
	}
	v.Container = e.name
	return v, pairs.Start(ctx, s, e.host, e.name, "--network", p.network)
}

// join gives a host its end, with a veth, a bridge and a vxlan link, and
// tells the kernel all of the other one, so that nothing is learned or asked.
func (p plain) join(ctx context.Context, s *stand.Stand, here, there end) error {
	veth, err := p.place(ctx, s, here)
	if err != nil {
		return err
	}
	within, err := veth.Plug(ctx, s)
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
