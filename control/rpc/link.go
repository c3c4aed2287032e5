// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type linkService struct{ *Server }

var _ apiv1connect.LinkServiceHandler = linkService{}

func (s linkService) Connect(ctx context.Context, req *connect.Request[apiv1.LinkServiceConnectRequest]) (*connect.Response[apiv1.LinkServiceConnectResponse], error) {
	m, err := s.put(ctx, req.Msg.GetA(), req.Msg.GetB(), linkspan.LinkAllow)
	return connect.NewResponse(&apiv1.LinkServiceConnectResponse{Link: m}), err
}

func (s linkService) Disconnect(ctx context.Context, req *connect.Request[apiv1.LinkServiceDisconnectRequest]) (*connect.Response[apiv1.LinkServiceDisconnectResponse], error) {
	m, err := s.put(ctx, req.Msg.GetA(), req.Msg.GetB(), linkspan.LinkDeny)
	return connect.NewResponse(&apiv1.LinkServiceDisconnectResponse{Link: m}), err
}

// put makes a link of two containers that exist.
func (s linkService) put(ctx context.Context, a, b string, verdict linkspan.LinkVerdict) (*apiv1.Link, error) {
	if err := allow(ctx, trust.LinkChange); err != nil {
		return nil, err
	}
	world, l, err := s.between(ctx, a, b)
	if err != nil {
		return nil, err
	}
	l.Verdict, l.Creator = verdict, callerOf(ctx).String()
	if err := l.Validate(); err != nil {
		return nil, err
	}
	if verdict == linkspan.LinkAllow {
		if err := world.reachable(&l); err != nil {
			return nil, err
		}
	}
	old, err := s.store.PutLink(ctx, l, nil)
	if err != nil {
		return nil, err
	}
	if old.Verdict != verdict {
		kind := linkspan.LinkConnected
		if verdict == linkspan.LinkDeny {
			kind = linkspan.LinkDenied
		}
		s.event(ctx, kind, world.text(l.A)+"-"+world.text(l.B), "by a person's word; to take it back type: linkspan link clear "+world.text(l.A)+" "+world.text(l.B))
	}
	return world.message(&l), nil
}

// What is waited for the name of a container that has just started.
const (
	nameLimit  = 5 * time.Second
	nameGlance = 100 * time.Millisecond
)

// between finds both ends. A container that has just started has no name yet, as the
// driver is not told of it: as long as there is one like that, who is not found is
// waited for.
func (s linkService) between(ctx context.Context, a, b string) (*linkable, linkspan.Link, error) {
	limit := s.now().Add(nameLimit)
	for {
		world, err := s.linkable(ctx)
		if err != nil {
			return nil, linkspan.Link{}, err
		}
		endA, err := world.end(a)
		if err == nil {
			var endB linkspan.LinkEnd
			if endB, err = world.end(b); err == nil {
				return world, linkspan.LinkOf(endA, endB, ""), nil
			}
		}
		if linkspan.CodeOf(err) != linkspan.NotFound || !world.nameless() || s.now().After(limit) {
			return nil, linkspan.Link{}, err
		}
		select {
		case <-ctx.Done():
			return nil, linkspan.Link{}, err
		case <-time.After(nameGlance):
		}
	}
}

func (s linkService) List(ctx context.Context, _ *connect.Request[apiv1.LinkServiceListRequest]) (*connect.Response[apiv1.LinkServiceListResponse], error) {
	if err := allow(ctx, trust.LinkRead); err != nil {
		return nil, err
	}
	world, err := s.linkable(ctx)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.LinkServiceListResponse{Links: make([]*apiv1.Link, len(world.links))}
	for i := range world.links {
		resp.Links[i] = world.message(&world.links[i])
	}
	return connect.NewResponse(resp), nil
}

func (s linkService) Clear(ctx context.Context, req *connect.Request[apiv1.LinkServiceClearRequest]) (*connect.Response[apiv1.LinkServiceClearResponse], error) {
	if err := allow(ctx, trust.LinkChange); err != nil {
		return nil, err
	}
	world, err := s.linkable(ctx)
	if err != nil {
		return nil, err
	}
	l, err := world.pick(req.Msg.GetA(), req.Msg.GetB())
	if err != nil {
		return nil, err
	}
	removed, err := s.store.RemoveLink(ctx, l)
	if err != nil {
		return nil, err
	}
	if removed {
		s.event(ctx, linkspan.LinkCleared, world.text(l.A)+"-"+world.text(l.B), "networks and groups decide again; it said "+string(l.Verdict))
	}
	return connect.NewResponse(&apiv1.LinkServiceClearResponse{Link: world.message(&l)}), nil
}

// message writes a link with the names that people know.
func (w *linkable) message(l *linkspan.Link) *apiv1.Link {
	m := &apiv1.Link{A: w.endMessage(l.A), B: w.endMessage(l.B), Verdict: string(l.Verdict), Creator: l.Creator}
	if !l.Created.IsZero() {
		m.Created = timestamppb.New(l.Created)
	}
	return m
}

func (w *linkable) endMessage(e linkspan.LinkEnd) *apiv1.LinkEnd {
	m := &apiv1.LinkEnd{Chassis: w.names.chassis[e.Chassis], Container: e.Container, Network: w.names.networks[e.Network]}
	for i := range w.endpoints {
		if o := &w.endpoints[i]; e.Covers(o) && o.Joined() {
			m.Addresses = append(m.Addresses, o.Address.String())
		}
	}
	slices.Sort(m.Addresses)
	return m
}
