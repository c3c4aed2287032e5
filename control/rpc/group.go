// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type groupService struct{ *Server }

var _ apiv1connect.GroupServiceHandler = groupService{}

func (s groupService) Create(ctx context.Context, req *connect.Request[apiv1.GroupServiceCreateRequest]) (*connect.Response[apiv1.GroupServiceCreateResponse], error) {
	if err := allow(ctx, trust.GroupChange); err != nil {
		return nil, err
	}
	g := linkspan.Group{Name: req.Msg.GetName(), Labels: req.Msg.GetLabels(), Creator: callerOf(ctx).String()}
	var names []string
	err := s.joining(ctx, func() (err error) {
		var ids []linkspan.NetworkID
		if ids, names, err = s.networkIDs(ctx, req.Msg.GetNetworks()); err != nil {
			return err
		}
		for _, id := range ids {
			g = g.With(id)
		}
		g, err = s.store.CreateGroup(ctx, g, s.sparing)
		return err
	})
	if err != nil {
		return nil, err
	}
	message := "without networks"
	if len(names) > 0 {
		message = "of networks " + strings.Join(names, ", ")
	}
	s.event(ctx, linkspan.GroupCreated, g.Name, message)
	m, err := s.group(ctx, &g)
	return connect.NewResponse(&apiv1.GroupServiceCreateResponse{Group: m}), err
}

func (s groupService) List(ctx context.Context, _ *connect.Request[apiv1.GroupServiceListRequest]) (*connect.Response[apiv1.GroupServiceListResponse], error) {
	if err := allow(ctx, trust.GroupRead); err != nil {
		return nil, err
	}
	groups, err := s.store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	networks, err := s.networksByID(ctx)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.GroupServiceListResponse{Groups: make([]*apiv1.Group, len(groups))}
	for i := range groups {
		resp.Groups[i] = groupMessage(&groups[i], networks)
	}
	return connect.NewResponse(resp), nil
}

func (s groupService) Get(ctx context.Context, req *connect.Request[apiv1.GroupServiceGetRequest]) (*connect.Response[apiv1.GroupServiceGetResponse], error) {
	if err := allow(ctx, trust.GroupRead); err != nil {
		return nil, err
	}
	g, err := s.store.Group(ctx, req.Msg.GetGroup())
	if err != nil {
		return nil, err
	}
	m, err := s.group(ctx, &g)
	return connect.NewResponse(&apiv1.GroupServiceGetResponse{Group: m}), err
}

func (s groupService) Remove(ctx context.Context, req *connect.Request[apiv1.GroupServiceRemoveRequest]) (*connect.Response[apiv1.GroupServiceRemoveResponse], error) {
	if err := allow(ctx, trust.GroupChange); err != nil {
		return nil, err
	}
	g, err := s.store.RemoveGroup(ctx, req.Msg.GetGroup())
	if err = s.parting(ctx, err); err != nil {
		return nil, err
	}
	s.event(ctx, linkspan.GroupRemoved, g.Name, "its networks stay, and reach each other no more by it")
	return connect.NewResponse(&apiv1.GroupServiceRemoveResponse{}), nil
}

func (s groupService) Add(ctx context.Context, req *connect.Request[apiv1.GroupServiceAddRequest]) (*connect.Response[apiv1.GroupServiceAddResponse], error) {
	m, err := s.change(ctx, req.Msg.GetGroup(), req.Msg.GetNetworks(), "added ", linkspan.Group.With)
	return connect.NewResponse(&apiv1.GroupServiceAddResponse{Group: m}), err
}

func (s groupService) Leave(ctx context.Context, req *connect.Request[apiv1.GroupServiceLeaveRequest]) (*connect.Response[apiv1.GroupServiceLeaveResponse], error) {
	m, err := s.change(ctx, req.Msg.GetGroup(), req.Msg.GetNetworks(), "removed ", linkspan.Group.Without)
	return connect.NewResponse(&apiv1.GroupServiceLeaveResponse{Group: m}), err
}

// change adds networks to a group, or takes them out.
func (s groupService) change(ctx context.Context, name string, networks []string, did string, how func(linkspan.Group, linkspan.NetworkID) linkspan.Group) (*apiv1.Group, error) {
	if err := allow(ctx, trust.GroupChange); err != nil {
		return nil, err
	}
	var (
		names    []string
		old, now linkspan.Group
	)
	err := s.joining(ctx, func() error {
		ids, called, err := s.networkIDs(ctx, networks)
		if err != nil {
			return err
		}
		names = called
		old, now, err = s.store.ChangeGroup(ctx, name, func(g linkspan.Group) linkspan.Group {
			for _, id := range ids {
				g = how(g, id)
			}
			return g
		}, s.sparing)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.parting(ctx, nil); err != nil {
		return nil, err
	}
	if !slices.Equal(old.Networks, now.Networks) {
		s.event(ctx, linkspan.GroupChanged, name, did+strings.Join(names, ", "))
	}
	return s.group(ctx, &now)
}

// networkIDs finds networks by name or id. Those of single hosts join the fabric by
// that, or are refused with the reason.
func (s *Server) networkIDs(ctx context.Context, given []string) (ids []linkspan.NetworkID, names []string, err error) {
	for _, name := range given {
		n, err := s.findNetwork(ctx, name)
		if linkspan.CodeOf(err) == linkspan.NotFound {
			n, err = s.joinBridge(ctx, name, err)
		}
		if err != nil {
			return nil, nil, err
		}
		ids, names = append(ids, n.ID), append(names, n.Name)
	}
	return ids, names, nil
}

func (s *Server) networksByID(ctx context.Context) (map[linkspan.NetworkID]linkspan.Network, error) {
	all, err := s.store.Networks(ctx)
	by := make(map[linkspan.NetworkID]linkspan.Network, len(all))
	for i := range all {
		by[all[i].ID] = all[i]
	}
	return by, err
}

func (s *Server) group(ctx context.Context, g *linkspan.Group) (*apiv1.Group, error) {
	networks, err := s.networksByID(ctx)
	if err != nil {
		return nil, err
	}
	return groupMessage(g, networks), nil
}

// groupMessage names the networks of a group; one that has just gone is left out.
func groupMessage(g *linkspan.Group, networks map[linkspan.NetworkID]linkspan.Network) *apiv1.Group {
	m := &apiv1.Group{Name: g.Name, Labels: g.Labels, Created: timestamppb.New(g.Created), Creator: g.Creator}
	for _, id := range g.Networks {
		if n, ok := networks[id]; ok {
			m.Networks = append(m.Networks, &apiv1.GroupNetwork{Id: uint32(id), Name: n.Name, Subnet: n.Subnet.String(), Subnet6: subnet6(&n)})
		}
	}
	slices.SortFunc(m.Networks, func(a, b *apiv1.GroupNetwork) int { return cmp.Compare(a.Name, b.Name) })
	return m
}
