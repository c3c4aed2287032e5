// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// viewLimit is how long a change that is stored is waited for in the View.
const viewLimit = 5 * time.Second

// localService keeps what switches tell of the networks that they have alone.
type localService struct{ *Server }

var _ apiv1connect.LocalServiceHandler = localService{}

func (s localService) List(ctx context.Context, req *connect.Request[apiv1.LocalServiceListRequest]) (*connect.Response[apiv1.LocalServiceListResponse], error) {
	if err := allow(ctx, trust.NetworkRead); err != nil {
		return nil, err
	}
	if err := allow(ctx, trust.EndpointRead); err != nil {
		return nil, err
	}
	_, on, err := s.filter(ctx, "", req.Msg.GetChassis())
	if err != nil {
		return nil, err
	}
	v := s.hub.View()
	found := localNetworks(v, req.Msg.GetNetwork(), on)
	if said := req.Msg.GetNetwork(); said != "" && len(found) == 0 {
		return nil, &linkspan.Error{
			Code: linkspan.NotFound, Message: "no switch has a network " + said + " of its own",
			Hint: "linkspan network ls --all shows those that there are",
		}
	}
	return connect.NewResponse(&apiv1.LocalServiceListResponse{Networks: s.localMessages(v, found)}), nil
}

// Compare answers from the store, as what is to be changed must be known as it
// is.
func (s localService) Compare(ctx context.Context, _ *connect.Request[apiv1.LocalServiceCompareRequest]) (*connect.Response[apiv1.LocalServiceCompareResponse], error) {
	id, err := chassis(ctx, trust.EndpointWriteOwn)
	if err != nil {
		return nil, err
	}
	if err := s.pace.allow(id, s.now()); err != nil {
		return nil, err
	}
	all, revision, err := s.store.Locals(ctx, id)
	if err != nil {
		return nil, err
	}
	m := &apiv1.LocalServiceCompareResponse{Revision: revision}
	for i := range all.Networks {
		m.Networks = append(m.Networks, &apiv1.LocalDigest{Id: all.Networks[i].ID, Digest: all.Networks[i].Digest()})
	}
	for i := range all.Endpoints {
		m.Endpoints = append(m.Endpoints, &apiv1.LocalDigest{Id: all.Endpoints[i].ID, Digest: all.Endpoints[i].Digest()})
	}
	return connect.NewResponse(m), nil
}

func (s localService) Change(ctx context.Context, req *connect.Request[apiv1.LocalServiceChangeRequest]) (*connect.Response[apiv1.LocalServiceChangeResponse], error) {
	id, err := chassis(ctx, trust.EndpointWriteOwn)
	if err != nil {
		return nil, err
	}
	if err := s.pace.allow(id, s.now()); err != nil {
		return nil, err
	}
	change, err := localChange(id, req.Msg)
	if err != nil {
		return nil, err
	}
	if err := s.mayTell(id, &change); err != nil {
		return nil, err
	}
	revision, err := s.store.ChangeLocals(ctx, id, req.Msg.GetRevision(), change)
	if err != nil {
		return nil, err
	}
	if len(change.RemovedNetworks) > 0 {
		if err := s.Part(ctx); err != nil {
			return nil, err
		}
	}
	s.shown(ctx, change.Put.Networks)
	if err := s.joinAgain(ctx, id, &change.Put); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.LocalServiceChangeResponse{Revision: revision}), nil
}

// shown waits until networks of one host are in the View, by which people find them: who
// made one there says its name as soon as its switch has told of it.
func (s localService) shown(ctx context.Context, networks []linkspan.LocalNetwork) {
	ctx, cancel := context.WithTimeout(ctx, viewLimit)
	defer cancel()
	for {
		changed := s.networks.wait() // before looking, so that nothing is missed
		v := s.hub.View()
		if !slices.ContainsFunc(networks, func(n linkspan.LocalNetwork) bool { return v.LocalNetwork(n.Chassis, n.ID) == nil }) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// localChange reads a message of a chassis; how much may be in it the store says.
func localChange(id linkspan.ChassisID, m *apiv1.LocalServiceChangeRequest) (store.LocalChange, error) {
	change := store.LocalChange{RemovedNetworks: m.GetNetworksRemoved(), RemovedEndpoints: m.GetEndpointsRemoved()}
	for _, one := range m.GetNetworks() {
		n, err := api.LocalNetworkFromProto(one)
		if err != nil {
			return change, err
		}
		n.Chassis = id
		change.Put.Networks = append(change.Put.Networks, n)
	}
	for _, one := range m.GetEndpoints() {
		e, err := api.LocalEndpointFromProto(one)
		if err != nil {
			return change, err
		}
		e.Chassis = id
		change.Put.Endpoints = append(change.Put.Endpoints, e)
	}
	return change, nil
}
