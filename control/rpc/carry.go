// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type carryService struct{ *Server }

var _ apiv1connect.CarryServiceHandler = carryService{}

func (s carryService) Follow(ctx context.Context, _ *connect.Request[apiv1.CarryServiceFollowRequest], stream *connect.ServerStream[apiv1.CarryServiceFollowResponse]) error {
	id, err := chassis(ctx, trust.EndpointCarry)
	if err != nil {
		return err
	}
	p := s.mover.Attach(id)
	defer p.Close()
	if err := stream.Send(&apiv1.CarryServiceFollowResponse{}); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Ended():
			return &linkspan.Error{Code: linkspan.Conflict, Message: "the switch follows with another connection"}
		case t := <-p.Tasks():
			if err := stream.Send(&apiv1.CarryServiceFollowResponse{Task: t}); err != nil {
				return err
			}
		}
	}
}

func (s carryService) Answer(ctx context.Context, req *connect.Request[apiv1.CarryServiceAnswerRequest]) (*connect.Response[apiv1.CarryServiceAnswerResponse], error) {
	id, err := chassis(ctx, trust.EndpointCarry)
	if err != nil {
		return nil, err
	}
	if err := s.mover.Answer(id, req.Msg.GetTask(), req.Msg.GetAnswer()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.CarryServiceAnswerResponse{}), nil
}

// Give hands each piece on before it reads the next.
func (s carryService) Give(ctx context.Context, stream *connect.ClientStream[apiv1.CarryServiceGiveRequest]) (*connect.Response[apiv1.CarryServiceGiveResponse], error) {
	id, err := chassis(ctx, trust.EndpointCarry)
	if err != nil {
		return nil, err
	}
	if !stream.Receive() {
		return nil, brokenOff(stream.Err())
	}
	p, err := s.mover.Giving(id, stream.Msg().GetMove())
	if err != nil {
		return nil, err
	}
	for {
		m := stream.Msg()
		if err := p.Write(ctx, m.GetData()); err != nil {
			return nil, err
		}
		if m.GetEnd() {
			p.End()
			return connect.NewResponse(&apiv1.CarryServiceGiveResponse{}), nil
		}
		if !stream.Receive() {
			err := brokenOff(stream.Err())
			p.Break(err)
			return nil, err
		}
	}
}

func brokenOff(err error) error {
	return &linkspan.Error{Code: linkspan.Unavailable, Message: "the image was broken off", Err: err}
}

func (s carryService) Take(ctx context.Context, req *connect.Request[apiv1.CarryServiceTakeRequest], stream *connect.ServerStream[apiv1.CarryServiceTakeResponse]) error {
	id, err := chassis(ctx, trust.EndpointCarry)
	if err != nil {
		return err
	}
	p, err := s.mover.Taking(id, req.Msg.GetMove())
	if err != nil {
		return err
	}
	for {
		piece, whole, err := p.Read(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&apiv1.CarryServiceTakeResponse{Data: piece, End: whole}); err != nil {
			p.Break(err)
			return err
		}
		if whole {
			return nil
		}
	}
}
