// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
)

// givenPolicies are the policies of a request, and what is wrong with them.
type givenPolicies struct {
	policies []linkspan.Policy
	problems []*apiv1.PolicyProblem
}

// maxProblems bounds how many mistakes are told at once, and maxWarned of how many
// policies it is looked up whether they select somebody.
const (
	maxProblems = 64
	maxWarned   = 64
)

// givenPolicies reads the policies of a request and refuses them if anything can
// be said to be wrong without the stored ones.
func (s *Server) givenPolicies(ctx context.Context, messages []*apiv1.Policy) (*givenPolicies, error) {
	if len(messages) > linkspan.MaxPolicies {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("%d policies are too many, there may be %d at most", len(messages), linkspan.MaxPolicies),
			Hint: "apply fewer",
		}
	}
	known, err := s.knownNames(ctx)
	if err != nil {
		return nil, err
	}
	g := &givenPolicies{policies: make([]linkspan.Policy, len(messages))}
	twice := make(map[string]bool)
	for i, m := range messages {
		policy, unread := api.PolicyFromProto(m)
		policy.ID, policy.Creator = 0, callerOf(ctx).String()
		g.policies[i] = policy
		g.add(i, unread...)
		if len(unread) == 0 {
			g.add(i, policy.Problems()...)
		}
		if twice[policy.Name] {
			g.add(i, linkspan.Problem{Path: "metadata.name", Message: "policy " + policy.Name + " is there twice", Want: "another name"})
		}
		twice[policy.Name] = true
		g.add(i, known.problems("spec.from", policy.From)...)
		g.add(i, known.problems("spec.to", policy.To)...)
	}
	return g, g.refuse()
}

func (g *givenPolicies) add(policy int, problems ...linkspan.Problem) {
	for _, p := range problems {
		if len(g.problems) < maxProblems {
			g.problems = append(g.problems, api.PolicyProblemToProto(policy, p))
		}
	}
}

// refuse returns the error that tells all problems, if there are any.
func (g *givenPolicies) refuse() error {
	names := make([]string, len(g.policies))
	for i := range g.policies {
		names[i] = g.policies[i].Name
	}
	return api.RefusePolicies(g.problems, names)
}

// contradictions refuses policies that contradict each other, or stored ones that
// they do not replace.
func (g *givenPolicies) contradictions(stored []linkspan.Policy) error {
	g.problems = nil
	given, priorities := make(map[string]bool, len(g.policies)), make(map[uint16]bool)
	for i := range g.policies {
		given[g.policies[i].Name], priorities[g.policies[i].Priority] = true, true
	}
	var all []*linkspan.Policy
	for i := range stored {
		if p := &stored[i]; !given[p.Name] && priorities[p.Priority] {
			all = append(all, p)
		}
	}
	first := len(all)
	for i := range g.policies {
		all = append(all, &g.policies[i])
	}
	for _, pair := range linkspan.Contradictions(all) {
		if i := pair[0] - first; i >= 0 {
			g.add(i, all[pair[0]].Contradiction(all[pair[1]], ""))
		}
	}
	return g.refuse()
}

// warnings tells which sides of the policies select nobody now, which may be
// meant.
func (g *givenPolicies) warnings(v *view.View) (warnings []string) {
	if len(g.policies) > maxWarned {
		return nil
	}
	for i := range g.policies {
		p := &g.policies[i]
		from, to := v.SelectedBy(p)
		for _, side := range []struct {
			name      string
			selectors []linkspan.Selector
			count     int
		}{{"from", p.From, len(from)}, {"to", p.To, len(to)}} {
			if side.count == 0 && len(side.selectors) > 0 && !byAddress(side.selectors) {
				warnings = append(warnings, fmt.Sprintf("policy %s: nobody is selected by %q now", p.Name, side.name))
			}
		}
	}
	return warnings
}

// byAddress says whether some selector also means addresses outside.
func byAddress(selectors []linkspan.Selector) bool {
	for i := range selectors {
		if selectors[i].ByAddress() {
			return true
		}
	}
	return false
}

// knownNames are the names that policies may use.
type knownNames struct {
	networks, chassis, overlays, groups map[string]bool
}

// knownNames reads them from the store: what was made a moment ago, perhaps by another
// controller, may not be in the View yet.
func (s *Server) knownNames(ctx context.Context) (*knownNames, error) {
	networks, err := s.store.Networks(ctx)
	if err != nil {
		return nil, err
	}
	chassis, err := s.store.AllChassis(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := s.store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	k := &knownNames{networks: make(map[string]bool), chassis: make(map[string]bool), overlays: make(map[string]bool), groups: make(map[string]bool)}
	for i := range networks {
		k.networks[networks[i].Name] = true
		k.overlays[networks[i].Name] = networks[i].Driver.Is(linkspan.Overlay)
	}
	for i := range chassis {
		k.chassis[chassis[i].Name] = true
	}
	for i := range groups {
		k.groups[groups[i].Name] = true
	}
	return k, nil
}

// networkList says where networks are shown that policies may name as this one is named.
func networkList(name string) string {
	if strings.Contains(name, "/") { // of a single host
		return "linkspan network ls --all, of those that are in a group,"
	}
	return "linkspan network ls"
}

// problems tells the names of selectors that nothing has. A container need not be
// there: it comes and goes.
func (k *knownNames) problems(path string, selectors []linkspan.Selector) (problems []linkspan.Problem) {
	unknown := func(i int, field, what, name, list string) {
		problems = append(problems, linkspan.Problem{
			Path:    fmt.Sprintf("%s[%d].%s", path, i, field),
			Message: what + " " + name + " does not exist", Want: "one of those that " + list + " shows",
		})
	}
	for i := range selectors {
		s := &selectors[i]
		switch {
		case s.Network == "":
		case !k.networks[s.Network]:
			unknown(i, "network", "network", s.Network, networkList(s.Network))
		case k.overlays[s.Network]:
			problems = append(problems, linkspan.Problem{
				Path:    fmt.Sprintf("%s[%d].network", path, i),
				Message: "network " + s.Network + " is an overlay, whose packets no policy sees", Want: "a network of driver linkspan",
			})
		}
		if s.Group != "" && !k.groups[s.Group] {
			unknown(i, "group", "group", s.Group, "linkspan group ls")
		}
		if name, err := linkspan.ParseEndpointName(s.Endpoint); err == nil && name.Chassis != "" && !k.chassis[name.Chassis] {
			unknown(i, "endpoint", "switch", name.Chassis, "linkspan switch ls")
		}
	}
	return problems
}
