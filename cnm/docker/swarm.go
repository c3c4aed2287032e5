// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/swarm"
	"github.com/linkspan/linkspan/wire/plugin"
)

// Swarm is what a manager of a Docker swarm asks for; see [swarm.Books].
type Swarm interface {
	// Has says whether a pool is one of its own, not one of this host's networks.
	Has(pool string) bool
	RequestPool(ctx context.Context, req cnm.PoolRequest) (cnm.Pool, error)
	ReleasePool(ctx context.Context, id string) error
	RequestAddress(ctx context.Context, wish cnm.AddressWish) (netip.Prefix, error)
	ReleaseAddress(ctx context.Context, pool string, address netip.Addr) error
	// Allocate tells of a network; hosts make it later.
	Allocate(ctx context.Context, n cnm.Network) error
	Free(ctx context.Context, network string) error
}

var _ Swarm = (*swarm.Books)(nil)

// pools is who gives pools and addresses.
type pools interface {
	RequestPool(ctx context.Context, req cnm.PoolRequest) (cnm.Pool, error)
	ReleasePool(ctx context.Context, id string) error
	RequestAddress(ctx context.Context, wish cnm.AddressWish) (netip.Prefix, error)
	ReleaseAddress(ctx context.Context, pool string, address netip.Addr) error
}

// poolsIn returns who gives pools in an address space: only managers of a swarm
// ask in the global one.
func (s *Server) poolsIn(space string) pools {
	if s.options.Swarm != nil && space == globalSpace {
		return s.options.Swarm
	}
	return s.options.Controller
}

// poolsOf returns who gave a pool.
func (s *Server) poolsOf(pool string) pools {
	if s.options.Swarm != nil && s.options.Swarm.Has(pool) {
		return s.options.Swarm
	}
	return s.options.Controller
}

// allocateNetwork gives all options back: the hosts see only those.
func (s *Server) allocateNetwork(ctx context.Context, req *plugin.AllocateNetworkRequest) (any, error) {
	answer := plugin.AllocateNetworkResponse{Options: req.Options}
	if s.options.Swarm == nil {
		return answer, nil
	}
	subnets, err := s.subnetsOf(req.IPv4Data, req.IPv6Data)
	if err != nil {
		return nil, err
	}
	err = s.options.Swarm.Allocate(ctx, cnm.Network{
		ID: req.NetworkID, Driver: s.options.Driver, Options: req.Options, Subnet: subnets.Subnet, Gateway: subnets.Gateway,
	})
	if linkspan.CodeOf(err) == linkspan.NotFound && err != nil { // a manager does not tell whose the pool is
		return nil, refuse("a network of driver "+s.options.Name+" needs its ipam driver too, and no pool of that was requested", s.command(subnets.Subnet.String()))
	}
	return answer, err
}

func (s *Server) freeNetwork(ctx context.Context, req *plugin.NetworkRequest) (any, error) {
	if s.options.Swarm == nil {
		return plugin.Empty{}, nil
	}
	return plugin.Empty{}, s.options.Swarm.Free(ctx, req.NetworkID)
}

// subnetsOf reads the subnet and the gateway of a network that no host has yet.
func (s *Server) subnetsOf(v4, v6 []plugin.IPAMData) (n cnm.NetworkRequest, err error) {
	switch {
	case len(v6) > 0:
		return n, refuse("IPv6 is not supported yet", "leave out --ipv6 and give IPv4 subnets only")
	case len(v4) != 1:
		return n, refuse("a network has one subnet", "give --subnet once, and make further networks for the others")
	}
	if n.Subnet, err = prefix("subnet", v4[0].Pool); err != nil {
		return n, err
	}
	n.Gateway, err = addressOf("gateway", v4[0].Gateway)
	return n, err
}
