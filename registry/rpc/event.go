// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"sync"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// How many events are kept, and how many are listed unless more are asked for.
const (
	maxEvents     = 1000
	defaultEvents = 100
)

// Events are the last events of a registry, in memory: the audit log outlives the
// process. The zero value is ready for use, also concurrently.
type Events struct {
	mu   sync.Mutex
	last []linkspan.Event
	more chan struct{} // closed with the next event; nil: nobody waits
	seen uint64        // how many there ever were
}

// Add adds an event.
func (e *Events) Add(event linkspan.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.last) >= maxEvents {
		e.last = append(e.last[:0:0], e.last[maxEvents/2:]...)
	}
	e.last = append(e.last, event)
	e.seen++
	if e.more != nil {
		close(e.more)
		e.more = nil
	}
}

// Last returns the newest events, the oldest of them first.
func (e *Events) Last(limit int) []linkspan.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	from := max(0, len(e.last)-limit)
	return append([]linkspan.Event(nil), e.last[from:]...)
}

// since returns the events after the first seen ones, how many there were then, and what
// is closed with the next one.
func (e *Events) since(seen uint64) ([]linkspan.Event, uint64, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fresh := 0
	if seen < e.seen {
		fresh = int(min(e.seen-seen, uint64(len(e.last))))
	}
	if e.more == nil {
		e.more = make(chan struct{})
	}
	return append([]linkspan.Event(nil), e.last[len(e.last)-fresh:]...), e.seen, e.more
}

// List implements the service.
func (s eventService) List(ctx context.Context, r *connect.Request[apiv1.EventServiceListRequest]) (*connect.Response[apiv1.EventServiceListResponse], error) {
	if err := allow(ctx, trust.EventRead); err != nil {
		return nil, err
	}
	limit := int(r.Msg.GetLimit())
	if limit == 0 {
		limit = defaultEvents
	}
	resp := &apiv1.EventServiceListResponse{}
	for _, e := range s.Events.Last(limit) {
		resp.Events = append(resp.Events, api.EventToProto(&e))
	}
	return connect.NewResponse(resp), nil
}

// Watch implements the service. It sends an empty message first.
func (s eventService) Watch(ctx context.Context, _ *connect.Request[apiv1.EventServiceWatchRequest], stream *connect.ServerStream[apiv1.EventServiceWatchResponse]) error {
	if err := allow(ctx, trust.EventRead); err != nil {
		return err
	}
	_, seen, more := s.Events.since(^uint64(0))
	if err := stream.Send(&apiv1.EventServiceWatchResponse{}); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-more:
		}
		var fresh []linkspan.Event
		fresh, seen, more = s.Events.since(seen)
		for _, e := range fresh {
			if err := stream.Send(&apiv1.EventServiceWatchResponse{Event: api.EventToProto(&e)}); err != nil {
				return err
			}
		}
	}
}
