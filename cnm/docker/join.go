// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

func (s *Server) join(ctx context.Context, req *plugin.JoinRequest) (any, error) {
	ports, err := portMaps(req.Options)
	if err != nil {
		return nil, err
	}
	attachment, err := s.options.Controller.Join(ctx, cnm.JoinRequest{
		Network: req.NetworkID, Endpoint: req.EndpointID, SandboxKey: req.SandboxKey, PortMaps: ports,
	})
	if err != nil {
		return nil, err
	}
	answer := joined(attachment)
	answer.DisableGatewayService = s.options.OwnWayOut
	return answer, nil
}

// joined answers without a gateway only what has none: an internal network,
// for which Docker adds no interface of its own.
func joined(a cnm.Attachment) plugin.JoinResponse {
	answer := plugin.JoinResponse{
		InterfaceName: plugin.InterfaceName{SrcName: a.SrcName, DstPrefix: a.DstPrefix},
	}
	if a.Gateway.IsValid() {
		answer.Gateway = a.Gateway.String()
	}
	if a.Gateway6.IsValid() {
		answer.GatewayIPv6 = a.Gateway6.String()
	}
	for _, r := range a.Routes {
		route := plugin.StaticRoute{Destination: r.Destination.String(), RouteType: plugin.RouteConnected}
		if r.NextHop.IsValid() {
			route.RouteType, route.NextHop = plugin.RouteNextHop, r.NextHop.String()
		}
		answer.StaticRoutes = append(answer.StaticRoutes, route)
	}
	return answer
}

func (s *Server) leave(ctx context.Context, req *plugin.EndpointRequest) (any, error) {
	return plugin.Empty{}, s.options.Controller.Leave(ctx, req.NetworkID, req.EndpointID)
}

func (s *Server) programExternal(ctx context.Context, req *plugin.ExternalConnectivityRequest) (any, error) {
	ports, err := portMaps(req.Options)
	if err != nil {
		return nil, err
	}
	return plugin.Empty{}, s.options.Controller.Publish(ctx, req.NetworkID, req.EndpointID, ports)
}

func (s *Server) revokeExternal(ctx context.Context, req *plugin.EndpointRequest) (any, error) {
	return plugin.Empty{}, s.options.Controller.Unpublish(ctx, req.NetworkID, req.EndpointID)
}

func portMaps(options map[string]any) ([]cnm.PortMap, error) {
	bindings, err := plugin.PortBindings(options)
	if err != nil {
		return nil, badRequest{err}
	}
	var ports []cnm.PortMap
	for _, b := range bindings {
		ports = append(ports, cnm.PortMap{
			Proto: b.Proto, Port: b.Port, HostIP: b.HostIP, HostPort: b.HostPort, HostPortEnd: b.HostPortEnd,
		})
	}
	return ports, nil
}
