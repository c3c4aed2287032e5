// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

const defaultEvents = 100

type eventService struct{ *Server }

var _ apiv1connect.EventServiceHandler = eventService{}

func (s eventService) List(ctx context.Context, req *connect.Request[apiv1.EventServiceListRequest]) (*connect.Response[apiv1.EventServiceListResponse], error) {
	if err := allow(ctx, trust.EventRead); err != nil {
		return nil, err
	}
	limit := int(req.Msg.GetLimit())
	if limit == 0 {
		limit = defaultEvents
	}
	events, err := s.store.Events(ctx, limit)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.EventServiceListResponse{Events: make([]*apiv1.Event, len(events))}
	for i := range events {
		resp.Events[i] = api.EventToProto(&events[i])
	}
	return connect.NewResponse(resp), nil
}

func (s eventService) Watch(ctx context.Context, _ *connect.Request[apiv1.EventServiceWatchRequest], stream *connect.ServerStream[apiv1.EventServiceWatchResponse]) error {
	if err := allow(ctx, trust.EventRead); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	send := func(m *apiv1.EventServiceWatchResponse) {
		if err := stream.Send(m); err != nil {
			cancel(err)
		}
	}
	watching := func() { send(new(apiv1.EventServiceWatchResponse)) } // so that the caller knows that it misses nothing
	err := s.store.FollowEvents(ctx, watching, func(e linkspan.Event) {
		send(&apiv1.EventServiceWatchResponse{Event: api.EventToProto(&e)})
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// event records what the caller did. That it could not be recorded does not
// undo what was done, so it is logged and not returned.
func (s *Server) event(ctx context.Context, kind linkspan.EventKind, subject, message string) {
	c := callerOf(ctx)
	e := linkspan.Event{Kind: kind, Subject: subject, Actor: c.String(), Message: message}
	if c.Kind == trust.KindChassis {
		e.Chassis = c.Name
	}
	if err := s.store.AppendEvent(context.WithoutCancel(ctx), e); err != nil {
		s.log.Warn("event not recorded", "kind", kind, "subject", subject, "error", err)
	}
}
