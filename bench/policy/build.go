// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/bench/fleet"
	"github.com/linkspan/linkspan/bench/rulebook"
)

const (
	stripes    = 2  // sets of networks: a host is in all networks of one
	subnetBits = 17 // of a network's subnet
	stride     = 32 // addresses of a host in a network
	perGroup   = 4  // networks of a group
)

// makeNetworks makes networks, and groups of neighbouring ones.
func (s *stage) makeNetworks(ctx context.Context) error {
	admin := s.fleet.Admin()
	var names []string
	for i := range stripes * s.config.endpoints / perNetwork {
		n := linkspan.Network{
			Name:   fmt.Sprintf("net%03d", i),
			Subnet: netip.PrefixFrom(address(i<<(32-subnetBits)), subnetBits),
		}
		r, err := admin.Networks.Create(ctx, connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
			Network: &apiv1.Network{Name: n.Name, Subnet: n.Subnet.String()},
		}))
		if err != nil {
			return fmt.Errorf("create network %s: %w", n.Name, api.FromRPC(err))
		}
		n.ID = linkspan.NetworkID(r.Msg.GetNetwork().GetId())
		n.ApplyDefaults()
		s.world.Networks = append(s.world.Networks, n)
		names = append(names, n.Name)
	}
	for i := 0; i+perGroup <= len(names); i += perGroup {
		g := linkspan.Group{Name: fmt.Sprintf("group%02d", i/perGroup)}
		for _, n := range s.world.Networks[i : i+perGroup] {
			g = g.With(n.ID)
		}
		_, err := admin.Groups.Create(ctx, connect.NewRequest(&apiv1.GroupServiceCreateRequest{Name: g.Name, Networks: names[i : i+perGroup]}))
		if err != nil {
			return fmt.Errorf("create %s: %w", g.Name, api.FromRPC(err))
		}
		s.world.Groups = append(s.world.Groups, g)
	}
	return nil
}

// address returns the one that stands n after 10.0.0.0.
func address(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// atOnce is how many endpoints are attached at a time, over all hosts.
const atOnce = 64

// attach makes every endpoint.
func (s *stage) attach(ctx context.Context) error {
	group, calls := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for h, host := range s.fleet.Hosts {
		s.world.Chassis = append(s.world.Chassis, linkspan.Chassis{ID: host.ID, Name: host.Name()})
		for e := range s.config.endpoints {
			at := place{host, s.endpoint(h, e)}
			s.at = append(s.at, at)
			s.world.Endpoints = append(s.world.Endpoints, linkspan.Endpoint{
				Network: at.endpoint.Network, Address: at.endpoint.Address, Chassis: host.ID, Port: at.endpoint.Number,
				MAC: host.MAC(at.endpoint), Container: host.Container(at.endpoint), Labels: at.endpoint.Labels,
			})
			group.Go(func() error { return host.Attach(calls, at.endpoint) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return s.settle(ctx)
}

// endpoint returns endpoint e of host h, both from 0.
func (s *stage) endpoint(h, e int) fleet.Endpoint {
	network := h%stripes*len(s.world.Networks)/stripes + e/perNetwork
	return fleet.Endpoint{
		Network: s.world.Networks[network].ID, Number: uint32(e + 1), Labels: rulebook.Labels(h*s.config.endpoints + e),
		Address: address(network<<(32-subnetBits) + (h/stripes+1)*stride + e%perNetwork),
	}
}

// apply puts all policies in force.
func (s *stage) apply(ctx context.Context) error {
	s.policies = s.world.Policies(s.config.policies)
	used, err := s.controller.Process.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.put(ctx, s.policies...); err != nil {
		return err
	}
	s.result.Apply = time.Since(began)
	now, err := s.controller.Process.CPU()
	s.result.ApplyCPU = now - used
	s.view = s.world.View(s.policies)
	return err
}

func (s *stage) put(ctx context.Context, policies ...linkspan.Policy) error {
	return rulebook.Apply(ctx, s.fleet.Admin(), policies...)
}

func (s *stage) remove(ctx context.Context, name string) error {
	_, err := s.fleet.Admin().Policies.Remove(ctx, connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: name}))
	return api.FromRPC(err)
}
