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
	wish, err := s.endpointOf(req)
	if err != nil {
		return nil, err
	}
	e, err := s.options.Controller.CreateEndpoint(ctx, wish)
	if err != nil {
		return nil, err
	}
	var answer plugin.CreateEndpointResponse
	if req.Interface.MacAddress == "" && e.MAC != (linkspan.MAC{}) { // anything that was given must not be answered
		answer.Interface = &plugin.Interface{MacAddress: e.MAC.String()}
	}
	return answer, nil
}

func (s *Server) endpointOf(req *plugin.CreateEndpointRequest) (cnm.EndpointRequest, error) {
	wish := cnm.EndpointRequest{ID: req.EndpointID, Network: req.NetworkID}
	if req.Interface.AddressIPv6 != "" && !s.options.IPv6 {
		return wish, refuse("networks of driver "+s.options.Name+" have no IPv6", "leave out --ip6")
	}
	var err error
	if req.Interface.Address != "" || s.options.IPv4 || s.options.IPAM != "" && req.Interface.AddressIPv6 == "" {
		if wish.Address, err = interfaceAddress(req.Interface.Address); err != nil {
			return wish, err
		}
	}
	if req.Interface.AddressIPv6 != "" {
		if wish.Address6, err = interfaceAddress(req.Interface.AddressIPv6); err != nil {
			return wish, err
		}
	}
	if req.Interface.MacAddress != "" {
		if wish.MAC, err = linkspan.ParseMAC(req.Interface.MacAddress); err != nil {
			return wish, err
		}
	}
	wish.Options, err = given(req.Options)
	return wish, err
}

func interfaceAddress(text string) (netip.Prefix, error) {
	address, err := netip.ParsePrefix(text)
	if err != nil {
		return address, refuse("endpoint address \""+text+"\" is not a CIDR like 10.7.0.2/24", "")
	}
	return address, nil
}

func (s *Server) deleteEndpoint(ctx context.Context, req *plugin.EndpointRequest) (any, error) {
	return plugin.Empty{}, s.options.Controller.DeleteEndpoint(ctx, req.NetworkID, req.EndpointID)
}

// endpointInfo tells what Docker cannot know. It answers from memory, and an
// endpoint that is gone has nothing to tell.
func (s *Server) endpointInfo(_ context.Context, req *plugin.EndpointRequest) (any, error) {
	info := plugin.EndpointInfo{Value: map[string]any{}}
	if e, err := s.options.Controller.Endpoint(req.EndpointID); err == nil {
		if e.Address.IsValid() {
			info.Value["linkspan.address"] = e.Address.Addr().String()
		}
		if e.Address6.IsValid() {
			info.Value["linkspan.address6"] = e.Address6.Addr().String()
		}
		info.Value["linkspan.mac"] = e.MAC.String()
		info.Value["linkspan.port"] = e.Port
		info.Value["linkspan.interface"] = e.HostInterface
		if e.Limits.Egress != 0 {
			info.Value[linkspan.OptionEgress] = e.Limits.Egress.String()
		}
		if e.Limits.Ingress != 0 {
			info.Value[linkspan.OptionIngress] = e.Limits.Ingress.String()
		}
	}
	return info, nil
}
