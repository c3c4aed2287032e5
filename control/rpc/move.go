// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type moveService struct{ *Server }

var _ apiv1connect.MoveServiceHandler = moveService{}

func (s moveService) Plan(ctx context.Context, req *connect.Request[apiv1.MoveServicePlanRequest]) (*connect.Response[apiv1.MoveServicePlanResponse], error) {
	if err := allow(ctx, trust.EndpointMove); err != nil {
		return nil, err
	}
	t, err := s.target(ctx, req.Msg.GetWish())
	if err != nil {
		return nil, err
	}
	plan, err := s.mover.Plan(ctx, t)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.MoveServicePlanResponse{Plan: plan}), nil
}

// Move begins a move, or watches the one of that container that is under way. Only
// who began it ends it by leaving.
func (s moveService) Move(ctx context.Context, req *connect.Request[apiv1.MoveServiceMoveRequest], stream *connect.ServerStream[apiv1.MoveServiceMoveResponse]) error {
	if err := allow(ctx, trust.EndpointMove); err != nil {
		return err
	}
	w := req.Msg.GetWish()
	d, err := s.underWay(ctx, w)
	if err != nil {
		return err
	}
	own := false
	if d == nil {
		t, err := s.target(ctx, w)
		if err != nil {
			return err
		}
		if d, own, err = s.mover.Begin(ctx, t); err != nil {
			return err
		}
	}
	if own {
		defer d.Leave()
	}
	return d.Watch(ctx, stream.Send)
}

func (s moveService) List(ctx context.Context, _ *connect.Request[apiv1.MoveServiceListRequest]) (*connect.Response[apiv1.MoveServiceListResponse], error) {
	if err := allow(ctx, trust.EndpointRead); err != nil {
		return nil, err
	}
	moves, err := s.mover.Under(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.MoveServiceListResponse{Moves: moves}), nil
}
