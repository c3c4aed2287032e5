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

// eventBacklog is how many events wait for a caller who reads slowly.
const eventBacklog = 1024

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

// Watch sends an empty message first, so that the caller knows that nothing
// from now on is missed, and tells when the caller was too slow.
func (s eventService) Watch(ctx context.Context, _ *connect.Request[apiv1.EventServiceWatchRequest], stream *connect.ServerStream[apiv1.EventServiceWatchResponse]) error {
	if err := allow(ctx, trust.EventRead); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	waiting := make(chan *apiv1.EventServiceWatchResponse, eventBacklog)
	followed := make(chan struct{})
	defer func() {
		cancel(nil)
		<-followed
	}()
	go func() {
		defer close(followed)
		cancel(s.followEvents(ctx, waiting, cancel))
	}()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m := <-waiting:
			if err := stream.Send(m); err != nil {
				return err
			}
		}
	}
}

// followEvents hands events over without waiting, as what the store has for
// somebody who waits grows: too many are the end.
func (s eventService) followEvents(ctx context.Context, waiting chan<- *apiv1.EventServiceWatchResponse, end context.CancelCauseFunc) error {
	hand := func(m *apiv1.EventServiceWatchResponse) {
		select {
		case waiting <- m:
		default:
			end(&linkspan.Error{Code: linkspan.Unavailable, Message: "events were lost, as they were read too slowly"})
		}
	}
	return s.store.FollowEvents(ctx, func() { hand(new(apiv1.EventServiceWatchResponse)) }, func(e linkspan.Event) {
		hand(&apiv1.EventServiceWatchResponse{Event: api.EventToProto(&e)})
	})
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
