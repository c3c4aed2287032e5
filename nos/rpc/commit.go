// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Check implements the service.
func (s configService) Check(ctx context.Context, r *connect.Request[apiv1.ConfigServiceCheckRequest]) (*connect.Response[apiv1.ConfigServiceCheckResponse], error) {
	c, session, err := s.existing(ctx, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	if session == nil {
		return connect.NewResponse(&apiv1.ConfigServiceCheckResponse{}), nil
	}
	if err := c.User.MayChange(session.Base(), session.Candidate()); err != nil {
		return nil, err
	}
	steps, err := session.Check(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ConfigServiceCheckResponse{Steps: steps}), nil
}

// Commit implements the service. A caller who goes away meanwhile does not end it.
func (s configService) Commit(ctx context.Context, r *connect.Request[apiv1.ConfigServiceCommitRequest]) (*connect.Response[apiv1.ConfigServiceCommitResponse], error) {
	c, session, err := s.existing(ctx, r.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	if session == nil {
		return connect.NewResponse(&apiv1.ConfigServiceCommitResponse{Revision: s.current(), Unchanged: true}), nil
	}
	if err := c.User.MayChange(session.Base(), session.Candidate()); err != nil {
		return nil, err
	}
	if changes(session) > 0 { // the process may end before it can be written down what came of it
		if err := noted(ctx).begin(); err != nil {
			return nil, err
		}
	}
	before := s.options.Manager.Number()
	revision, err := session.Commit(context.WithoutCancel(ctx), config.Commit{Comment: r.Msg.GetComment(), Confirm: r.Msg.GetConfirm().AsDuration()})
	if err != nil {
		return nil, err
	}
	s.sessions.tidy(c, r.Msg.GetSession())
	if unchanged := revision.Number == before; unchanged {
		return connect.NewResponse(&apiv1.ConfigServiceCommitResponse{Revision: revisionToProto(revision), Unchanged: true}), nil
	}
	n := noted(ctx)
	n.revision = revision.Number
	if comment := r.Msg.GetComment(); comment != "" {
		n.text += " comment " + tree.Quote(comment)
	}
	return connect.NewResponse(&apiv1.ConfigServiceCommitResponse{Revision: revisionToProto(revision)}), nil
}

// current returns the revision that runs, an empty one if nothing was ever committed.
func (s *Server) current() *apiv1.ConfigRevision {
	number := s.options.Manager.Number()
	for _, r := range s.options.Manager.History() {
		if r.Number == number {
			return revisionToProto(r)
		}
	}
	return &apiv1.ConfigRevision{}
}

func revisionToProto(r config.Revision) *apiv1.ConfigRevision {
	m := &apiv1.ConfigRevision{Number: uint32(r.Number), Who: r.Who, How: r.How, Comment: r.Comment, Of: uint32(r.Of)} //nolint:gosec // they count from 1
	if !r.Time.IsZero() {
		m.Time = timestamppb.New(r.Time)
	}
	if r.Confirm > 0 {
		m.Confirm = durationpb.New(r.Confirm)
	}
	return m
}

// returns is the configuration to which it returns if nobody confirms the one that runs; the one
// that runs if there is nothing to confirm.
func (s *Server) returns() (*tree.Tree, error) {
	m := s.options.Manager
	p, ok := m.Pending()
	if !ok {
		return m.Running(), nil
	}
	if p.Returns == 0 {
		return tree.New(m.Running().Schema()), nil
	}
	_, old, err := m.Revision(p.Returns)
	return old, err
}

// Confirm implements the service: to whoever may make the change himself.
func (s configService) Confirm(ctx context.Context, _ *connect.Request[apiv1.ConfigServiceConfirmRequest]) (*connect.Response[apiv1.ConfigServiceConfirmResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	noted(ctx).revision = s.options.Manager.Number()
	old, err := s.returns()
	if err != nil {
		return nil, err
	}
	if err := c.User.MayChange(old, s.options.Manager.Running()); err != nil {
		return nil, err
	}
	if err := s.options.Manager.Confirm(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ConfigServiceConfirmResponse{}), nil
}

// Return implements the service. A caller who goes away meanwhile does not end it.
func (s configService) Return(ctx context.Context, _ *connect.Request[apiv1.ConfigServiceReturnRequest]) (*connect.Response[apiv1.ConfigServiceReturnResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	m := s.options.Manager
	if old, err := s.returns(); err != nil {
		return nil, err
	} else if err := c.User.MayChange(m.Running(), old); err != nil {
		return nil, err
	}
	revision, err := m.Return(context.WithoutCancel(ctx), c.author())
	if err != nil {
		return nil, err
	}
	n := noted(ctx)
	n.revision = revision.Number
	n.text += fmt.Sprintf(" to revision %d", revision.Of)
	return connect.NewResponse(&apiv1.ConfigServiceReturnResponse{Revision: revisionToProto(revision)}), nil
}

// Reapply implements the service.
func (s configService) Reapply(ctx context.Context, _ *connect.Request[apiv1.ConfigServiceReapplyRequest]) (*connect.Response[apiv1.ConfigServiceReapplyResponse], error) {
	if err := s.options.Manager.Reapply(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ConfigServiceReapplyResponse{}), nil
}
