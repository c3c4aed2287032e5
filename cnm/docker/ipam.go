// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

func (s *Server) requestPool(ctx context.Context, req *plugin.RequestPoolRequest) (any, error) {
	wish := cnm.PoolRequest{IPAM: s.options.IPAM, IPv6: req.V6}
	var err error
	if wish.Subnet, err = prefix("subnet", req.Pool); err != nil {
		return nil, err
	}
	if wish.Range, err = prefix("range", req.SubPool); err != nil {
		return nil, err
	}
	if len(req.Options) > 0 {
		wish.Options = req.Options
	}
	p, err := s.poolsIn(req.AddressSpace).RequestPool(ctx, wish)
	if err != nil {
		return nil, err
	}
	return plugin.RequestPoolResponse{PoolID: p.ID, Pool: p.Subnet.String(), Data: map[string]string{}}, nil
}

func (s *Server) releasePool(ctx context.Context, req *plugin.ReleasePoolRequest) (any, error) {
	return plugin.Empty{}, s.poolsOf(req.PoolID).ReleasePool(ctx, req.PoolID)
}

func (s *Server) requestAddress(ctx context.Context, req *plugin.RequestAddressRequest) (any, error) {
	want, err := addressOf("address", req.Address)
	if err != nil {
		return nil, err
	}
	address, err := s.poolsOf(req.PoolID).RequestAddress(ctx, cnm.AddressWish{
		Pool: req.PoolID, Want: want,
		Gateway:   req.Options[plugin.OptionAddressType] == plugin.AddressTypeGateway,
		Container: req.Options[plugin.OptionEndpointName],
	})
	if err != nil {
		return nil, err
	}
	return plugin.RequestAddressResponse{Address: address.String(), Data: map[string]string{}}, nil
}

func (s *Server) releaseAddress(ctx context.Context, req *plugin.ReleaseAddressRequest) (any, error) {
	address, err := addressOf("address", req.Address)
	if err != nil {
		return nil, err
	}
	return plugin.Empty{}, s.poolsOf(req.PoolID).ReleaseAddress(ctx, req.PoolID, address)
}
