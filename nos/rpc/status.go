// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Status implements the service.
func (s configService) Status(ctx context.Context, r *connect.Request[apiv1.ConfigServiceStatusRequest]) (*connect.Response[apiv1.ConfigServiceStatusResponse], error) {
	c, session, err := s.existing(ctx, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	m := s.options.Manager
	running := m.Running()
	hostname, err := running.Get("system", "hostname")
	if err == nil && hostname == "" {
		hostname, err = s.options.Hostname()
	}
	if err != nil {
		return nil, err
	}
	banner, err := running.Get("system", "banner")
	if err != nil {
		return nil, err
	}
	status := &apiv1.ConfigServiceStatusResponse{
		Hostname: hostname, User: c.User.Name, Role: string(c.User.Role), Revision: uint32(m.Number()), Changes: changes(session), Banner: banner, //nolint:gosec // they count from 1
	}
	if p, ok := m.Pending(); ok {
		status.Pending = &apiv1.ConfigPending{
			Revision: uint32(p.Revision), Returns: uint32(p.Returns), Deadline: timestamppb.New(p.Deadline), Who: p.By.Who, How: p.By.How, //nolint:gosec // as above
		}
	}
	if fault := m.Fault(); fault != nil {
		status.Fault = fault.Error()
	}
	return connect.NewResponse(status), nil
}

// History implements the service.
func (s configService) History(_ context.Context, r *connect.Request[apiv1.ConfigServiceHistoryRequest]) (*connect.Response[apiv1.ConfigServiceHistoryResponse], error) {
	all := s.options.Manager.History()
	if limit := int(r.Msg.GetLimit()); limit > 0 && limit < len(all) {
		all = all[:limit]
	}
	m := &apiv1.ConfigServiceHistoryResponse{Revisions: make([]*apiv1.ConfigRevision, len(all))}
	for i, revision := range all {
		m.Revisions[i] = revisionToProto(revision)
	}
	return connect.NewResponse(m), nil
}

// Sessions implements the service.
func (s configService) Sessions(ctx context.Context, _ *connect.Request[apiv1.ConfigServiceSessionsRequest]) (*connect.Response[apiv1.ConfigServiceSessionsResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	mine := s.sessions.lasting(c)
	m := &apiv1.ConfigServiceSessionsResponse{}
	for _, e := range s.options.Manager.Sessions() {
		one := &apiv1.ConfigSession{
			Id: uint64(e.ID), Who: e.Who, How: e.How, Since: timestamppb.New(e.Since), Changes: uint32(e.Changes), Locked: e.Locked, Mine: e.ID == mine, //nolint:gosec // they count from 1
		}
		if !e.Edited.IsZero() {
			one.Edited = timestamppb.New(e.Edited)
		}
		m.Sessions = append(m.Sessions, one)
	}
	return connect.NewResponse(m), nil
}

// Drift implements the service.
func (s configService) Drift(ctx context.Context, _ *connect.Request[apiv1.ConfigServiceDriftRequest]) (*connect.Response[apiv1.ConfigServiceDriftResponse], error) {
	drift, err := s.options.Manager.Drift(ctx)
	if err != nil {
		return nil, err
	}
	m := &apiv1.ConfigServiceDriftResponse{}
	for _, d := range drift {
		m.Drift = append(m.Drift, &apiv1.ConfigDrift{Path: d.Path, Want: d.Want, Have: d.Have})
	}
	return connect.NewResponse(m), nil
}
