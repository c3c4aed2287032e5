// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"cmp"
	"context"
	"slices"

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
	var (
		world  *linkable
		l, old linkspan.Link
	)
	err := s.joining(ctx, func() (err error) {
		if world, l, err = s.found(ctx, a, b); err != nil {
			return err
		}
		l.Verdict, l.Creator = verdict, callerOf(ctx).String()
		if err := l.Validate(); err != nil {
			return err
		}
		old, err = s.store.PutLink(ctx, l, s.fitting(world))
		return err
	})
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

// found is between, of containers that may be in networks of single hosts: these join.
func (s linkService) found(ctx context.Context, a, b string) (*linkable, linkspan.Link, error) {
	world, l, err := s.between(ctx, a, b)
	if linkspan.CodeOf(err) != linkspan.NotFound {
		return world, l, err
	}
	if some, bad := s.joinContainers(ctx, a, b); bad != nil || !some {
		return world, l, cmp.Or(bad, err)
	}
	return s.between(ctx, a, b)
}

func (s linkService) List(ctx context.Context, _ *connect.Request[apiv1.LinkServiceListRequest]) (*connect.Response[apiv1.LinkServiceListResponse], error) {
	if err := allow(ctx, trust.LinkRead); err != nil {
		return nil, err
	}
	world, err := s.linkable(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.LinkServiceListResponse{Links: world.messages(world.links)}), nil
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
	if err = s.parting(ctx, err); err != nil {
		return nil, err
	}
	if removed {
		s.event(ctx, linkspan.LinkCleared, world.text(l.A)+"-"+world.text(l.B), "networks and groups decide again; it said "+string(l.Verdict))
	}
	return connect.NewResponse(&apiv1.LinkServiceClearResponse{Link: world.message(&l)}), nil
}

// message writes a link with the names that people know.
func (w *linkable) message(l *linkspan.Link) *apiv1.Link {
	return w.messages([]linkspan.Link{*l})[0]
}

// messages writes links, with one look at each endpoint for all of them.
func (w *linkable) messages(links []linkspan.Link) []*apiv1.Link {
	of := make(map[container][]*linkspan.Endpoint)
	for i := range links {
		of[containerAt(links[i].A)], of[containerAt(links[i].B)] = nil, nil
	}
	for i := range w.endpoints {
		e := &w.endpoints[i]
		who := container{e.Chassis, e.Container}
		if list, linked := of[who]; linked && e.Joined() {
			of[who] = append(list, e)
		}
	}
	out := make([]*apiv1.Link, len(links))
	for i := range links {
		l := &links[i]
		out[i] = &apiv1.Link{A: w.endMessage(l.A, of), B: w.endMessage(l.B, of), Verdict: string(l.Verdict), Creator: l.Creator}
		if !l.Created.IsZero() {
			out[i].Created = timestamppb.New(l.Created)
		}
	}
	return out
}

func (w *linkable) endMessage(end linkspan.LinkEnd, of map[container][]*linkspan.Endpoint) *apiv1.LinkEnd {
	m := &apiv1.LinkEnd{Chassis: w.names.chassis[end.Chassis], Container: end.Container, Network: w.names.networks[end.Network]}
	for _, e := range of[containerAt(end)] {
		if end.Covers(e) {
			m.Addresses = append(m.Addresses, e.Address.String())
			if e.Address6.IsValid() {
				m.Addresses = append(m.Addresses, e.Address6.String())
			}
		}
	}
	slices.Sort(m.Addresses)
	return m
}
