// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type networkService struct{ *Server }

var _ apiv1connect.NetworkServiceHandler = networkService{}

func (s networkService) Create(ctx context.Context, req *connect.Request[apiv1.NetworkServiceCreateRequest]) (*connect.Response[apiv1.NetworkServiceCreateResponse], error) {
	if err := allow(ctx, trust.NetworkCreate); err != nil {
		return nil, err
	}
	wanted, err := api.NetworkFromProto(req.Msg.GetNetwork())
	if err != nil {
		return nil, err
	}
	wanted.ID, wanted.Creator = 0, callerOf(ctx).String()
	if err := s.carried(ctx, wanted.MTU); err != nil {
		return nil, err
	}
	if err := s.mayCreate(ctx, wanted.Name); err != nil {
		return nil, err
	}
	n, err := s.store.CreateNetwork(ctx, wanted)
	switch {
	case err == nil:
		s.event(ctx, linkspan.NetworkCreated, n.Name, "subnet "+n.SubnetText())
	case req.Msg.GetAdopt() && linkspan.CodeOf(err) == linkspan.Exists && adoptable(&n, &wanted) &&
		n.Driver.Is(wanted.Driver.Name()) && !n.Removing:
		return connect.NewResponse(&apiv1.NetworkServiceCreateResponse{Network: api.NetworkToProto(&n), Adopted: true}), nil
	default:
		return nil, err
	}
	return connect.NewResponse(&apiv1.NetworkServiceCreateResponse{Network: api.NetworkToProto(&n)}), nil
}

func (s networkService) List(ctx context.Context, _ *connect.Request[apiv1.NetworkServiceListRequest]) (*connect.Response[apiv1.NetworkServiceListResponse], error) {
	if err := allow(ctx, trust.NetworkRead); err != nil {
		return nil, err
	}
	networks, err := s.store.Networks(ctx)
	if err != nil {
		return nil, err
	}
	counts := make(map[linkspan.NetworkID]uint32)
	for e := range s.hub.View().Endpoints() {
		if e.Address.Is4() { // others are second addresses
			counts[e.Network]++
		}
	}
	resp := new(apiv1.NetworkServiceListResponse)
	for i := range networks {
		if networks[i].Driver != linkspan.Bridge { // LocalService.List has those
			resp.Networks = append(resp.Networks, network(&networks[i], counts[networks[i].ID]))
		}
	}
	return connect.NewResponse(resp), nil
}

func (s networkService) Get(ctx context.Context, req *connect.Request[apiv1.NetworkServiceGetRequest]) (*connect.Response[apiv1.NetworkServiceGetResponse], error) {
	if err := allow(ctx, trust.NetworkRead); err != nil {
		return nil, err
	}
	n, err := s.findNetwork(ctx, req.Msg.GetNetwork())
	if err != nil {
		return nil, err
	}
	endpoints, err := s.endpoints(ctx, n.ID, 0)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.NetworkServiceGetResponse{
		Network: network(&n, uint32(len(endpoints))), Endpoints: endpoints, Ways: ways(s.hub.View(), n.ID),
	}), nil
}

func (s networkService) Remove(ctx context.Context, req *connect.Request[apiv1.NetworkServiceRemoveRequest]) (*connect.Response[apiv1.NetworkServiceRemoveResponse], error) {
	if err := allow(ctx, trust.NetworkRemoveEmpty); err != nil {
		return nil, err
	}
	n, err := s.findNetwork(ctx, req.Msg.GetNetwork())
	if err != nil {
		return nil, err
	}
	if err := s.store.RemoveNetwork(ctx, n.ID); err != nil {
		return nil, err
	}
	s.event(ctx, linkspan.NetworkRemoved, n.Name, "subnet "+n.SubnetText())
	return connect.NewResponse(&apiv1.NetworkServiceRemoveResponse{}), nil
}

// adoptable says whether a network that there is has the subnets of one that was to be.
func adoptable(n, wanted *linkspan.Network) bool {
	whole := *wanted
	whole.ApplyDefaults()
	return n.SameSubnets(&whole)
}

// network adds to the record how many endpoints it has.
func network(n *linkspan.Network, endpoints uint32) *apiv1.Network {
	m := api.NetworkToProto(n)
	m.Endpoints = endpoints
	return m
}

// What the tunnel adds to a packet, in bytes (RFC 7348, 5), by the family of its
// outer addresses.
const (
	overhead4 = 50
	overhead6 = 70
)

// carried refuses an MTU that the tunnel of some switch cannot carry: there the
// containers would silently have a smaller one. 0 asks for none.
func (s *Server) carried(ctx context.Context, mtu int) error {
	if mtu == 0 {
		return nil
	}
	all, err := s.store.AllChassis(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		most := all[i].MTU - overhead4
		if all[i].Underlay.Is6() {
			most = all[i].MTU - overhead6
		}
		if all[i].MTU > 0 && mtu > most {
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: fmt.Sprintf("mtu %d is more than the tunnel of switch %s carries", mtu, all[i].Name),
				Hint: fmt.Sprintf("give at most %d, or leave it out", most),
			}
		}
	}
	return nil
}

// findNetwork takes a name or an id; the name wins. Networks of single hosts are not
// the fabric's, also while they are joined to it.
func (s *Server) findNetwork(ctx context.Context, name string) (linkspan.Network, error) {
	n, err := s.store.NetworkByName(ctx, name)
	if err == nil && n.Driver == linkspan.Bridge {
		return linkspan.Network{}, &linkspan.Error{
			Code: linkspan.NotFound, Message: "network " + name + " is one of a single host", Hint: "linkspan network ls --all shows those, too",
		}
	}
	if linkspan.CodeOf(err) != linkspan.NotFound {
		return n, err
	}
	if id, bad := linkspan.ParseNetworkID(name); bad == nil {
		if n, byID := s.store.Network(ctx, id); byID == nil && n.Driver != linkspan.Bridge {
			return n, nil
		}
	}
	return n, err
}
