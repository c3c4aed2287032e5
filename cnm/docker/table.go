// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"maps"

	"github.com/linkspan/linkspan/wire/plugin"
)

// The address spaces of our IPAM. Docker passes them back with each pool, and
// so shows which IPAM a network has.
const (
	localSpace  = "linkspan-local"
	globalSpace = "linkspan-global"
)

// table has every operation that is answered; Docker takes 404 for the others.
func (s *Server) table() map[string]call {
	calls := s.networkTable()
	implements := []string{plugin.NetworkDriver}
	if s.options.IPAM != "" && s.options.IPAMName == s.options.Name {
		implements = append(implements, plugin.IpamDriver)
		maps.Copy(calls, s.ipamTable())
	}
	calls["/Plugin.Activate"] = constant(plugin.Activation{Implements: implements})
	return calls
}

func (s *Server) networkTable() map[string]call {
	reach := plugin.ScopeGlobal
	if s.options.OneHost {
		reach = plugin.ScopeLocal
	}
	scope := plugin.ScopeLocal
	if s.options.Swarm != nil {
		scope = plugin.ScopeGlobal
	}
	return map[string]call{
		"/NetworkDriver.GetCapabilities": constant(plugin.NetworkCapabilities{
			Scope: scope, ConnectivityScope: reach,
		}),
		"/NetworkDriver.GwAllocCheck":                with(s.gwAllocCheck),
		"/NetworkDriver.AllocateNetwork":             with(s.allocateNetwork),
		"/NetworkDriver.FreeNetwork":                 with(s.freeNetwork),
		"/NetworkDriver.CreateNetwork":               with(s.createNetwork),
		"/NetworkDriver.DeleteNetwork":               with(s.deleteNetwork),
		"/NetworkDriver.CreateEndpoint":              with(s.createEndpoint),
		"/NetworkDriver.DeleteEndpoint":              with(s.deleteEndpoint),
		"/NetworkDriver.EndpointOperInfo":            with(s.endpointInfo),
		"/NetworkDriver.Join":                        with(s.join),
		"/NetworkDriver.Leave":                       with(s.leave),
		"/NetworkDriver.ProgramExternalConnectivity": with(s.programExternal),
		"/NetworkDriver.RevokeExternalConnectivity":  with(s.revokeExternal),
		"/NetworkDriver.DiscoverNew":                 with(nothing[plugin.DiscoveryRequest]),
		"/NetworkDriver.DiscoverDelete":              with(nothing[plugin.DiscoveryRequest]),
	}
}

func (s *Server) ipamTable() map[string]call {
	return map[string]call{
		"/IpamDriver.GetCapabilities": constant(plugin.IpamCapabilities{}),
		"/IpamDriver.GetDefaultAddressSpaces": constant(plugin.AddressSpaces{
			LocalDefaultAddressSpace: localSpace, GlobalDefaultAddressSpace: globalSpace,
		}),
		"/IpamDriver.RequestPool":    with(s.requestPool),
		"/IpamDriver.ReleasePool":    with(s.releasePool),
		"/IpamDriver.RequestAddress": with(s.requestAddress),
		"/IpamDriver.ReleaseAddress": with(s.releaseAddress),
	}
}

// nothing answers what tells us nothing that we need.
func nothing[R any](context.Context, *R) (any, error) { return plugin.Empty{}, nil }

// gwAllocCheck wants a gateway for every network.
func (s *Server) gwAllocCheck(context.Context, *plugin.GwAllocCheckRequest) (any, error) {
	return plugin.GwAllocCheckResponse{}, nil
}
