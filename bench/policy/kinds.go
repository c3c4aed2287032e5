// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/rulebook"
)

// kind is a kind of change: a policy that comes and goes again.
type kind struct {
	name string
	// policy returns the policy of the ith change.
	policy func(s *stage, i int) linkspan.Policy
}

// kinds are what is measured, from what concerns nobody to what concerns many.
func kinds() []kind {
	return []kind{
		{"labels that nobody has", (*stage).ofNobody},
		{"two containers", (*stage).ofTwo},
		{"a container and all others", (*stage).ofOne},
		{"two applications", (*stage).ofApplications},
		{"one port within a network", (*stage).ofNetwork},
	}
}

// newest returns a policy that decides before all others.
func newest(i int, action linkspan.PolicyAction) linkspan.Policy {
	return linkspan.Policy{
		ID: linkspan.MaxPolicyID, Name: fmt.Sprintf("change%03d", i), Priority: linkspan.MaxPriority, Action: action,
	}
}

func (s *stage) ofNobody(i int) linkspan.Policy {
	p := newest(i, linkspan.PolicyDeny)
	p.From = []linkspan.Selector{{Labels: map[string]string{"app": "none"}}}
	p.To = []linkspan.Selector{{Labels: map[string]string{"app": fmt.Sprintf("none%d", i)}}}
	return p
}

// ofTwo parts two that talk.
func (s *stage) ofTwo(i int) linkspan.Policy {
	p := newest(i, linkspan.PolicyDeny)
	a, b := s.ends(s.talks[i*len(s.talks)/s.config.changes])
	p.From, p.To = []linkspan.Selector{{Endpoint: a.Container}}, []linkspan.Selector{{Endpoint: b.Container}}
	return p
}

// ofOne parts a container from all that it asks.
func (s *stage) ofOne(i int) linkspan.Policy {
	p := newest(i, linkspan.PolicyReject)
	a, _ := s.ends(s.talks[(2*i+1)*len(s.talks)/(2*s.config.changes)])
	p.From = []linkspan.Selector{{Endpoint: a.Container}}
	return p
}

// ofApplications parts two applications that talk.
func (s *stage) ofApplications(i int) linkspan.Policy {
	p := newest(i, linkspan.PolicyDeny)
	t := s.talks[i*len(s.talks)/s.config.changes]
	p.From, p.To = []linkspan.Selector{app(t.from)}, []linkspan.Selector{app(t.to)}
	return p
}

// app selects the application of an endpoint.
func app(n int) linkspan.Selector {
	return linkspan.Selector{Labels: map[string]string{"app": rulebook.Labels(n)["app"]}}
}

// ofNetwork closes a port between all of a network.
func (s *stage) ofNetwork(i int) linkspan.Policy {
	p := newest(i, linkspan.PolicyDeny)
	n := linkspan.Selector{Network: s.world.Networks[i%len(s.world.Networks)].Name}
	p.From, p.To = []linkspan.Selector{n}, []linkspan.Selector{n}
	p.Ports = []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: 23, Last: 23}}
	return p
}
