// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/complete"
	"github.com/linkspan/linkspan/nos/tree"
)

// verb stands before the paths that are asked about, as completion is of whole lines.
const verb = "x"

var taken = map[apiv1.ConfigTakes]complete.Takes{
	apiv1.ConfigTakes_CONFIG_TAKES_SETTING:  complete.Setting,
	apiv1.ConfigTakes_CONFIG_TAKES_EXISTING: complete.Existing,
	apiv1.ConfigTakes_CONFIG_TAKES_SECTION:  complete.Section,
}

// completer knows paths of the configuration that is meant.
func (s *Server) completer(ctx context.Context, source apiv1.ConfigSource, id uint64, takes apiv1.ConfigTakes, level []string) (*complete.Completer, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.source(c, source, id, 0)
	if err != nil {
		return nil, err
	}
	kind, ok := taken[takes]
	if !ok {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "what the line takes is not said"}
	}
	if _, err := t.At(level...); err != nil {
		return nil, err
	}
	return &complete.Completer{Verbs: []complete.Verb{{Name: verb, Takes: kind}}, Tree: t, Level: level, Live: live{ctx, s}}, nil
}

// Complete implements the service. A line with a mistake has no candidates.
func (s configService) Complete(ctx context.Context, r *connect.Request[apiv1.ConfigServiceCompleteRequest]) (*connect.Response[apiv1.ConfigServiceCompleteResponse], error) {
	c, err := s.completer(ctx, r.Msg.GetSource(), r.Msg.GetSession(), r.Msg.GetTakes(), r.Msg.GetLevel())
	if err != nil {
		return nil, err
	}
	found, err := c.Complete(verb + " " + r.Msg.GetLine())
	if err != nil {
		return connect.NewResponse(&apiv1.ConfigServiceCompleteResponse{Start: uint32(len(r.Msg.GetLine()))}), nil //nolint:nilerr,gosec // the mistake is found when the line is carried out
	}
	m := &apiv1.ConfigServiceCompleteResponse{Start: uint32(max(0, found.Start-len(verb)-1)), Done: found.Done} //nolint:gosec // a line is short
	for _, one := range found.Candidates {
		m.Candidates = append(m.Candidates, &apiv1.ConfigCandidate{Text: one.Text, Form: one.Form, Help: one.Help})
	}
	return connect.NewResponse(m), nil
}

// Resolve implements the service.
func (s configService) Resolve(ctx context.Context, r *connect.Request[apiv1.ConfigServiceResolveRequest]) (*connect.Response[apiv1.ConfigServiceResolveResponse], error) {
	c, err := s.completer(ctx, r.Msg.GetSource(), r.Msg.GetSession(), r.Msg.GetTakes(), r.Msg.GetLevel())
	if err != nil {
		return nil, err
	}
	words, err := c.Resolve(verb + " " + r.Msg.GetLine())
	if err != nil {
		var p *tree.Problem
		if !errors.As(err, &p) {
			return nil, err
		}
		at := max(1, p.Column-len(verb)-1)
		without := *p
		without.Position = tree.Position{}
		return connect.NewResponse(&apiv1.ConfigServiceResolveResponse{Mistake: &apiv1.ConfigMistake{Column: uint32(at), Message: without.Error()}}), nil //nolint:gosec // a line is short
	}
	return connect.NewResponse(&apiv1.ConfigServiceResolveResponse{Words: words[1:]}), nil
}
