// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

func (s *Server) createEndpoint(ctx context.Context, req *plugin.CreateEndpointRequest) (any, error) {
	wish, err := endpointOf(req)
	if err != nil {
		return nil, err
	}
	e, err := s.options.Controller.CreateEndpoint(ctx, wish)
	if err != nil {
		return nil, err
	}
	var answer plugin.CreateEndpointResponse
	if req.Interface.MacAddress == "" { // anything that was given must not be answered
		answer.Interface = &plugin.Interface{MacAddress: e.MAC.String()}
	}
	return answer, nil
}

func endpointOf(req *plugin.CreateEndpointRequest) (cnm.EndpointRequest, error) {
	wish := cnm.EndpointRequest{ID: req.EndpointID, Network: req.NetworkID}
	if req.Interface.AddressIPv6 != "" {
		return wish, refuse("IPv6 is not supported yet", "leave out --ip6")
	}
	address, err := netip.ParsePrefix(req.Interface.Address)
	if err != nil {
		return wish, refuse("endpoint address \""+req.Interface.Address+"\" is not a CIDR like 10.7.0.2/24", "")
	}
	wish.Address = address
	if req.Interface.MacAddress != "" {
		if wish.MAC, err = linkspan.ParseMAC(req.Interface.MacAddress); err != nil {
			return wish, err
		}
	}
	wish.Options, err = given(req.Options)
	return wish, err
}

func (s *Server) deleteEndpoint(ctx context.Context, req *plugin.EndpointRequest) (any, error) {
	return plugin.Empty{}, s.options.Controller.DeleteEndpoint(ctx, req.NetworkID, req.EndpointID)
}

// endpointInfo tells what Docker cannot know. It answers from memory, and an
// endpoint that is gone has nothing to tell.
func (s *Server) endpointInfo(_ context.Context, req *plugin.EndpointRequest) (any, error) {
	info := plugin.EndpointInfo{Value: map[string]any{}}
	if e, err := s.options.Controller.Endpoint(req.EndpointID); err == nil {
		info.Value["linkspan.address"] = e.Address.Addr().String()
		info.Value["linkspan.mac"] = e.MAC.String()
		info.Value["linkspan.port"] = e.Port
		info.Value["linkspan.interface"] = e.HostInterface
	}
	return info, nil
}
