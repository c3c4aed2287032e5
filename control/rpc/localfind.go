// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"cmp"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
)

// minLocalPrefix is how much of an id stands for the whole, bytes.
const minLocalPrefix = 4

// localNetworks finds networks of single hosts by what a person says, which is
// [chassis/]name, or the beginning of an id where no name is so; empty is all.
// They are of one chassis, or for 0 of any, and come by chassis, name and id.
func localNetworks(v *view.View, said string, on linkspan.ChassisID) []*linkspan.LocalNetwork {
	where, name, qualified := strings.Cut(said, "/")
	if !qualified {
		where, name = "", said
	}
	var byName, byID []*linkspan.LocalNetwork
	for id := range localHosts(v, on) {
		if qualified && v.ChassisName(id) != where {
			continue
		}
		for n := range v.LocalNetworks(id) {
			switch {
			case said == "" || n.Name == name:
				byName = append(byName, n)
			case len(name) >= minLocalPrefix && strings.HasPrefix(n.ID, name):
				byID = append(byID, n)
			}
		}
	}
	if len(byName) == 0 {
		byName = byID
	}
	slices.SortFunc(byName, func(a, b *linkspan.LocalNetwork) int {
		return cmp.Or(cmp.Compare(v.ChassisName(a.Chassis), v.ChassisName(b.Chassis)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return byName
}

// localHosts yields the chassis that have networks of their own, or the one that
// is asked for. One that is being removed has none any more.
func localHosts(v *view.View, on linkspan.ChassisID) func(func(linkspan.ChassisID) bool) {
	return func(yield func(linkspan.ChassisID) bool) {
		for id := range v.LocalHosts() {
			if (on == 0 || id == on) && v.Chassis(id) != nil && !yield(id) {
				return
			}
		}
	}
}

// localMessages tells all of networks, with who is in them.
func (s *Server) localMessages(v *view.View, networks []*linkspan.LocalNetwork) []*apiv1.LocalNetwork {
	messages := make([]*apiv1.LocalNetwork, len(networks))
	for i, n := range networks {
		m := api.LocalNetworkToProto(n, v.ChassisName(n.Chassis))
		m.Away = s.away(n.Chassis)
		for e := range v.LocalMembers(n.Chassis, n.ID) {
			m.Endpoints = append(m.Endpoints, api.LocalEndpointToProto(e))
		}
		slices.SortFunc(m.Endpoints, func(a, b *apiv1.LocalEndpoint) int {
			return cmp.Or(cmp.Compare(a.GetContainer(), b.GetContainer()), cmp.Compare(a.GetId(), b.GetId()))
		})
		messages[i] = m
	}
	return messages
}

// away says whether a switch has no session with this controller.
func (s *Server) away(id linkspan.ChassisID) bool {
	_, connected := s.hub.Connected(id)
	return !connected
}

// localEndpoints lists who is in networks of single hosts, as endpoints beside
// those of the fabric.
func (s *Server) localEndpoints(v *view.View, networks []*linkspan.LocalNetwork) []*apiv1.Endpoint {
	var out []*apiv1.Endpoint
	for _, n := range networks {
		away := s.away(n.Chassis)
		for e := range v.LocalMembers(n.Chassis, n.ID) {
			out = append(out, localEndpoint(v, n, e, away))
		}
	}
	return out
}

// localEndpoint writes one as an endpoint of the fabric's list.
func localEndpoint(v *view.View, n *linkspan.LocalNetwork, e *linkspan.LocalEndpoint, away bool) *apiv1.Endpoint {
	m := api.LocalEndpointToProto(e)
	return &apiv1.Endpoint{
		NetworkName: n.Name, Address: m.GetAddress(), Address6: m.GetAddress6(), Chassis: v.ChassisName(n.Chassis), Id: m.GetId(),
		Mac: m.GetMac(), Container: m.GetContainer(), Labels: m.GetLabels(), Created: m.GetCreated(), Aliases: m.GetAliases(),
		Driver: n.Driver, Away: away,
	}
}
