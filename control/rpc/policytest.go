// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// maxConversations bounds what one dry run asks about.
const maxConversations = 4096

func (s policyService) Test(ctx context.Context, req *connect.Request[apiv1.PolicyServiceTestRequest]) (*connect.Response[apiv1.PolicyServiceTestResponse], error) {
	for _, action := range []trust.Action{trust.PolicyRead, trust.RouteRead} {
		if err := allow(ctx, action); err != nil {
			return nil, err
		}
	}
	if n := len(req.Msg.GetConversations()); n > maxConversations {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("%d conversations are too many, at most %d can be asked about at once", n, maxConversations),
			Hint: "divide the list",
		}
	}
	g, err := s.givenPolicies(ctx, req.Msg.GetPolicies())
	if err != nil {
		return nil, err
	}
	stored, err := s.store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	if err := g.contradictions(stored); err != nil {
		return nil, err
	}
	run := newDryRun(s.hub.View(), g.policies)
	resp := &apiv1.PolicyServiceTestResponse{Warnings: g.warnings(run.after)}
	if resp.Conversations, err = run.conversations(req.Msg.GetConversations()); err != nil {
		return nil, err
	}
	if callerOf(ctx).Kind == trust.KindChassis { // one switch has not all others asked
		resp.Warnings = append(resp.Warnings, "routes are not looked at for a switch, only for people")
		return connect.NewResponse(resp), nil
	}
	s.testRoutes(ctx, run, resp)
	return connect.NewResponse(resp), nil
}

// testRoutes asks all switches for their routes, and says which would change.
func (s policyService) testRoutes(ctx context.Context, run *dryRun, resp *apiv1.PolicyServiceTestResponse) {
	ctx, cancel := context.WithTimeout(ctx, dumpLimit)
	defer cancel()
	routes, missing := s.hub.Routes(ctx, control.Filter{})
	for i := range routes {
		resp.Routes = append(resp.Routes, run.route(&routes[i])...)
	}
	resp.RoutesAsked = uint32(len(routes))
	for _, id := range missing {
		resp.Missing = append(resp.Missing, run.before.ChassisName(id))
	}
}

// dryRun compares what is with what would be.
type dryRun struct {
	before, after *view.View
	was, will     decide.Memo
	named         []netip.Prefix // by the policies that would be applied
}

// newDryRun makes the View that there would be if policies were applied.
func newDryRun(v *view.View, policies []linkspan.Policy) *dryRun {
	numbers := make(map[string]linkspan.PolicyID)
	used := make(map[linkspan.PolicyID]bool)
	for p := range v.Policies() {
		numbers[p.Name], used[p.ID] = p.ID, true
	}
	free := linkspan.MaxPolicyID
	var named []netip.Prefix
	changes := make([]view.Change, len(policies))
	for i := range policies {
		p := policies[i]
		if p.ID = numbers[p.Name]; p.ID == 0 {
			for used[free] {
				free--
			}
			p.ID = free
			free--
		}
		changes[i] = view.PutPolicy(&p)
		named = slices.AppendSeq(named, view.NamedBy(&p))
	}
	after, _ := v.Apply(changes...)
	return &dryRun{before: v, after: after, named: named}
}

// rules returns what is and what would be said of packets from one party to
// another.
func (d *dryRun) rules(from, to view.Party) (was, will *decide.Rules) {
	if action, _, linked := decide.Linked(d.before, from, to); linked {
		rules := decide.NewRules(nil, action)
		return rules, rules
	}
	otherwise, _ := decide.Otherwise(d.before, from, to)
	return d.was.Rules(d.before, from, to, otherwise), d.will.Rules(d.after, from, to, otherwise)
}

// route returns what would change of a route, in both directions. One whose ends
// are gone meanwhile does not change.
func (d *dryRun) route(r *linkspan.Route) (effects []*apiv1.PolicyEffect) {
	a, b := d.before.Endpoint(view.Key{Network: r.Network, Address: r.A}), d.before.Endpoint(view.Key{Network: r.NetworkB, Address: r.B})
	switch {
	case a != nil && r.Outside.IsValid():
		for _, address := range d.within(r.Outside) {
			effects = append(effects, d.between(view.PartyOf(a), view.Outside(address))...)
		}
		return effects
	case a == nil || b == nil:
		return nil
	}
	return d.between(view.PartyOf(a), view.PartyOf(b))
}

// within returns the first of some addresses outside of all networks, and those of them
// of which a policy that would be applied may say something else than of that one.
func (d *dryRun) within(outside netip.Prefix) []netip.Addr {
	all := []netip.Addr{outside.Addr()}
	for _, p := range d.named {
		if first := p.Masked().Addr(); outside.Contains(first) && !slices.Contains(all, first) {
			all = append(all, first)
		}
	}
	return all
}

// between returns what would change of what goes from one to the other, and back.
func (d *dryRun) between(a, b view.Party) (effects []*apiv1.PolicyEffect) {
	for _, ends := range [2][2]view.Party{{a, b}, {b, a}} {
		all := decide.Effects(d.rules(ends[0], ends[1]))
		for _, e := range all {
			if !e.Changed() {
				continue
			}
			m := d.effect(ends[0], ends[1], e)
			if len(all) == 1 {
				m.Ports = "all"
			}
			effects = append(effects, m)
		}
	}
	return effects
}

// conversations returns what is and would be of each.
func (d *dryRun) conversations(all []*apiv1.PolicyConversation) (effects []*apiv1.PolicyEffect, err error) {
	var problems []*apiv1.PolicyProblem
	for i, c := range all {
		some, err := d.conversation(c)
		if err != nil && len(problems) < maxProblems {
			problems = append(problems, &apiv1.PolicyProblem{
				Path: fmt.Sprintf("conversations[%d]", i), Message: err.Error(), Want: linkspan.HintOf(err),
			})
		}
		effects = append(effects, some...)
	}
	return effects, api.RefusePolicies(problems, nil)
}

// conversation returns what is and would be of a conversation, by parts where not
// all of it is decided in one way.
func (d *dryRun) conversation(c *apiv1.PolicyConversation) (effects []*apiv1.PolicyEffect, err error) {
	ports, err := linkspan.ParsePolicyPorts(c.GetPorts())
	if err != nil {
		return nil, err
	}
	from, to, err := findParties(d.before, c.GetFrom(), c.GetTo(), ports.Protocol)
	if err != nil {
		return nil, err
	}
	was, will := d.rules(from, to)
	for _, e := range decide.EffectsOn(was, will, ports) {
		effects = append(effects, d.effect(from, to, e))
	}
	return effects, nil
}

func (d *dryRun) effect(from, to view.Party, e decide.Effect) *apiv1.PolicyEffect {
	_, reason, linked := decide.Linked(d.before, from, to)
	if !linked {
		_, reason = decide.Otherwise(d.before, from, to)
	}
	m := &apiv1.PolicyEffect{
		From: from.Address.String(), To: to.Address.String(), FromName: partyName(d.before, from), ToName: partyName(d.before, to),
		Before: policyVerdict(e.Before, reason), After: policyVerdict(e.After, reason), Ports: "others",
	}
	if e.Ports != nil {
		m.Ports = e.Ports.String()
	}
	return m
}

func policyVerdict(p decide.Part, otherwise decide.Reason) *apiv1.PolicyVerdict {
	v := &apiv1.PolicyVerdict{Action: p.Action.String()}
	if p.Policy != nil {
		v.Policy = p.Policy.Name
	} else {
		v.Reason = otherwise.String()
	}
	return v
}
