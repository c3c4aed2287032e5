// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"net/netip"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

type traceService struct{ *Server }

var _ apiv1connect.TraceServiceHandler = traceService{}

// reads is what an explanation tells of.
var reads = [...]trust.Action{trust.EndpointRead, trust.RouteRead, trust.GroupRead, trust.LinkRead, trust.PolicyRead}

func (s traceService) Explain(ctx context.Context, req *connect.Request[apiv1.TraceServiceExplainRequest]) (*connect.Response[apiv1.TraceServiceExplainResponse], error) {
	for _, action := range reads {
		if err := allow(ctx, action); err != nil {
			return nil, err
		}
	}
	v := s.hub.View()
	q, err := question(v, req.Msg.GetQuestion())
	if err != nil {
		return nil, err
	}
	answer := explain.Ask(v, q)
	reverse := explain.Ask(v, q.Reversed())
	resp := &apiv1.TraceServiceExplainResponse{
		From: traceEndMessage(v, &q.From), To: traceEndMessage(v, &q.To), Ports: portsOf(&q),
		Verdict: verdictMessage(v, &answer), Reverse: verdictMessage(v, &reverse),
		Path: &apiv1.TracePath{
			Transport: string(answer.Path.Transport), Reason: answer.Path.Reason, Mtu: uint32(answer.Path.MTU), Tracked: answer.Tracked,
		},
	}
	if answer.Tracked {
		resp.Path.Class = answer.Class.String()
	}
	ctx, cancel := context.WithTimeout(ctx, dumpLimit)
	defer cancel()
	resp.Hops = s.hops(ctx, v, &q, &answer)
	for _, r := range explain.Remedies(v, q, s.fit(ctx)) {
		resp.Remedies = append(resp.Remedies, &apiv1.TraceRemedy{Commands: r.Commands, File: r.File, Opens: r.Opens})
	}
	return connect.NewResponse(resp), nil
}

// question finds out what is asked.
func question(v *view.View, m *apiv1.TraceQuestion) (q explain.Question, err error) {
	text, six := m.GetPorts(), isAddress6(m.GetFrom()) || isAddress6(m.GetTo())
	switch {
	case six && (text == "" || text == "icmp"):
		text = "icmp6"
	case text == "":
		text = "icmp"
	}
	ports, err := linkspan.ParsePolicyPorts(text)
	if err != nil {
		return q, err
	}
	q.Protocol, q.Port = ports.Protocol, ports.First
	switch {
	case ports.Whole() && linkspan.Ported(ports.Protocol):
		return q, onePort("which port", text, text+"/80")
	case ports.Whole() && ports.Protocol == linkspan.ProtocolICMP:
		q.Port = echoRequest
	case ports.Whole() && ports.Protocol == linkspan.ProtocolICMP6:
		q.Port = echoRequest6
	case ports.First != ports.Last && !ports.Whole():
		return q, onePort("one port", text, linkspan.PolicyPorts{Protocol: ports.Protocol, First: ports.First, Last: ports.First}.String())
	}
	six = six || q.Protocol == linkspan.ProtocolICMP6
	if q.From, err = traceEnd(v, m.GetFrom(), nil, six); err != nil {
		return q, err
	}
	q.To, err = traceEnd(v, m.GetTo(), q.From.Endpoint, six)
	return q, err
}

// isAddress6 says whether an end is named by an address of IPv6.
func isAddress6(name string) bool {
	a, err := netip.ParseAddr(name)
	return err == nil && a.Is6()
}

// The types that open an echo (RFC 792, RFC 4443).
const (
	echoRequest  = 8
	echoRequest6 = 128
)

func onePort(what, text, like string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: "a packet goes to one port, and " + text + " does not say " + what, Hint: "write it as in " + like}
}

// portsOf returns what is asked about as a policy says it.
func portsOf(q *explain.Question) string { return q.Ports().String() }

func verdictMessage(v *view.View, a *explain.Answer) *apiv1.TraceVerdict {
	m := &apiv1.TraceVerdict{Verdict: a.Verdict.String(), Rule: string(a.Rule), Reason: a.Reason, Places: a.Places}
	if a.Policy != nil {
		m.Policy, m.Priority = a.Policy.Name, uint32(a.Policy.Priority)
	}
	if a.Group != nil && a.Rule == explain.ByGroup {
		m.Group = a.Group.Name
	}
	if a.Link != nil && a.Rule == explain.ByLink {
		m.Link = explain.LinkEnds(v, a.Link)
	}
	for _, s := range a.Steps {
		m.Steps = append(m.Steps, &apiv1.TraceStep{Rule: string(s.Rule), Says: s.Says, Detail: s.Detail})
	}
	return m
}

// fit says whether links and groups can be stored beside those that are.
func (s *Server) fit(ctx context.Context) explain.Fit {
	return explain.Fit{
		Link: func(l linkspan.Link) error {
			w, err := s.linkable(ctx)
			if err != nil {
				return err
			}
			return s.fitting(w)(ctx, l)
		},
		Group: func(g linkspan.Group) error { return s.groupFits(ctx, g) },
	}
}

// groupFits says why a group could not be stored as g is.
func (s *Server) groupFits(ctx context.Context, g linkspan.Group) error {
	groups, err := s.store.Groups(ctx)
	if err != nil {
		return err
	}
	networks, err := s.store.Networks(ctx)
	if err != nil {
		return err
	}
	var old linkspan.Group
	for i := range groups {
		if groups[i].Name == g.Name {
			old = groups[i]
		}
	}
	if err := store.Fits(g, old, groups, networks); err != nil {
		return err
	}
	return s.sparing(ctx, g)
}
