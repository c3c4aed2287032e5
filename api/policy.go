// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"math"
	"net/netip"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// PolicyToProto writes p as a message.
func PolicyToProto(p *linkspan.Policy) *apiv1.Policy {
	m := &apiv1.Policy{
		Id: uint32(p.ID), Name: p.Name, Priority: uint32(p.Priority), Action: p.Action.String(), Log: p.Log,
		From: selectorsToProto(p.From), To: selectorsToProto(p.To), Created: timestampToProto(p.Created), Creator: p.Creator,
	}
	for _, ports := range p.Ports {
		m.Ports = append(m.Ports, ports.String())
	}
	return m
}

func selectorsToProto(all []linkspan.Selector) (out []*apiv1.PolicySelector) {
	for i := range all {
		s := &all[i]
		out = append(out, &apiv1.PolicySelector{
			Labels: s.Labels, Network: s.Network, Group: s.Group, Endpoint: s.Endpoint, Cidr: text(s.CIDR),
		})
	}
	return out
}

// PolicyFromProto reads a message, and tells what cannot be read. It parses and
// does not judge: ask Problems.
func PolicyFromProto(m *apiv1.Policy) (linkspan.Policy, []linkspan.Problem) {
	var r policyReader
	p := linkspan.Policy{
		ID: linkspan.PolicyID(m.GetId()), Name: m.GetName(), Log: m.GetLog(), Created: timeFromProto(m.GetCreated()), Creator: m.GetCreator(),
		Priority: uint16(m.GetPriority()),
		From:     r.selectors("spec.from", m.GetFrom()), To: r.selectors("spec.to", m.GetTo()),
	}
	if m.GetPriority() > linkspan.MaxPriority {
		r.fail("spec.priority", fmt.Sprintf("priority %d is not one", m.GetPriority()), fmt.Sprintf("a whole number from 0 to %d", math.MaxUint16))
	}
	var err error
	if p.Action, err = linkspan.ParsePolicyAction(m.GetAction()); err != nil {
		r.fail("spec.action", fmt.Sprintf("action %q is not known", m.GetAction()), "allow, deny or reject")
	}
	for i, text := range m.GetPorts() {
		ports, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			r.fail(fmt.Sprintf("spec.ports[%d]", i), err.Error(), linkspan.WantPorts)
		}
		p.Ports = append(p.Ports, ports)
	}
	return p, r.problems
}

// policyReader keeps what could not be read.
type policyReader struct{ problems []linkspan.Problem }

func (r *policyReader) fail(path, message, want string) {
	r.problems = append(r.problems, linkspan.Problem{Path: path, Message: message, Want: want})
}

func (r *policyReader) selectors(path string, all []*apiv1.PolicySelector) (out []linkspan.Selector) {
	for i, m := range all {
		s := linkspan.Selector{Labels: m.GetLabels(), Network: m.GetNetwork(), Group: m.GetGroup(), Endpoint: m.GetEndpoint()}
		if m.GetCidr() != "" {
			var err error
			if s.CIDR, err = netip.ParsePrefix(m.GetCidr()); err != nil {
				r.fail(fmt.Sprintf("%s[%d].cidr", path, i), fmt.Sprintf("cidr %q is not understood", m.GetCidr()), linkspan.WantCIDR)
			}
		}
		out = append(out, s)
	}
	return out
}
