// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

type policyService struct{ *Server }

var _ apiv1connect.PolicyServiceHandler = policyService{}

// maxShown bounds how many of whom a policy selects are named, and maxEvents how
// many policies of one call get an event each.
const (
	maxShown  = 256
	maxEvents = 16
)

var policyOutcomes = map[store.PolicyOutcome]apiv1.PolicyOutcome_Kind{
	store.PolicyCreated:   apiv1.PolicyOutcome_KIND_CREATED,
	store.PolicyChanged:   apiv1.PolicyOutcome_KIND_CHANGED,
	store.PolicyUnchanged: apiv1.PolicyOutcome_KIND_UNCHANGED,
}

func (s policyService) Apply(ctx context.Context, req *connect.Request[apiv1.PolicyServiceApplyRequest]) (*connect.Response[apiv1.PolicyServiceApplyResponse], error) {
	if err := allow(ctx, trust.PolicyWrite); err != nil {
		return nil, err
	}
	g, err := s.givenPolicies(ctx, req.Msg.GetPolicies())
	if err != nil {
		return nil, err
	}
	outcomes, err := s.store.ApplyPolicies(ctx, g.policies, g.contradictions)
	if err = s.parting(ctx, err); err != nil {
		return nil, err
	}
	resp := &apiv1.PolicyServiceApplyResponse{Outcomes: make([]*apiv1.PolicyOutcome, len(outcomes)), Warnings: g.warnings(s.hub.View())}
	for i, outcome := range outcomes {
		resp.Outcomes[i] = &apiv1.PolicyOutcome{Name: g.policies[i].Name, Kind: policyOutcomes[outcome]}
	}
	s.policyEvents(ctx, resp.GetOutcomes())
	return connect.NewResponse(resp), nil
}

// policyEvents tells what was applied; of many, how many.
func (s *Server) policyEvents(ctx context.Context, outcomes []*apiv1.PolicyOutcome) {
	var names []string
	for _, o := range outcomes {
		if o.GetKind() != apiv1.PolicyOutcome_KIND_UNCHANGED {
			names = append(names, o.GetName())
		}
	}
	if len(names) > maxEvents {
		s.event(ctx, linkspan.PolicyApplied, names[0], fmt.Sprintf("and %d more at once", len(names)-1))
		return
	}
	for _, name := range names {
		s.event(ctx, linkspan.PolicyApplied, name, "it is in force")
	}
}

func (s policyService) List(ctx context.Context, req *connect.Request[apiv1.PolicyServiceListRequest]) (*connect.Response[apiv1.PolicyServiceListResponse], error) {
	if err := allow(ctx, trust.PolicyRead); err != nil {
		return nil, err
	}
	all, err := s.store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.PolicyServiceListResponse{Policies: make([]*apiv1.Policy, len(all))}
	for i := range all {
		resp.Policies[i] = api.PolicyToProto(&all[i])
	}
	if req.Msg.GetUse() {
		resp.Use, resp.Missing = s.policyUse(ctx, all)
	}
	return connect.NewResponse(resp), nil
}

func (s policyService) Get(ctx context.Context, req *connect.Request[apiv1.PolicyServiceGetRequest]) (*connect.Response[apiv1.PolicyServiceGetResponse], error) {
	if err := allow(ctx, trust.PolicyRead); err != nil {
		return nil, err
	}
	p, err := s.store.Policy(ctx, req.Msg.GetPolicy())
	if err != nil {
		return nil, err
	}
	v := s.hub.View()
	from, to := v.SelectedBy(&p)
	resp := &apiv1.PolicyServiceGetResponse{Policy: api.PolicyToProto(&p), FromCount: uint32(len(from)), ToCount: uint32(len(to))}
	for _, e := range from[:min(len(from), maxShown)] {
		resp.From = append(resp.From, explain.Name(v, e))
	}
	for _, e := range to[:min(len(to), maxShown)] {
		resp.To = append(resp.To, explain.Name(v, e))
	}
	var use []*apiv1.PolicyUse
	use, resp.Missing = s.policyUse(ctx, []linkspan.Policy{p})
	resp.Use = use[0]
	return connect.NewResponse(resp), nil
}

func (s policyService) Remove(ctx context.Context, req *connect.Request[apiv1.PolicyServiceRemoveRequest]) (*connect.Response[apiv1.PolicyServiceRemoveResponse], error) {
	if err := allow(ctx, trust.PolicyWrite); err != nil {
		return nil, err
	}
	p, err := s.store.RemovePolicy(ctx, req.Msg.GetPolicy())
	if err = s.parting(ctx, err); err != nil {
		return nil, err
	}
	s.event(ctx, linkspan.PolicyRemoved, p.Name, "it is in force no more")
	return connect.NewResponse(&apiv1.PolicyServiceRemoveResponse{}), nil
}
