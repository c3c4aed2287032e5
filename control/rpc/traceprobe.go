// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"net/netip"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

func (s traceService) Probe(ctx context.Context, req *connect.Request[apiv1.TraceServiceProbeRequest]) (*connect.Response[apiv1.TraceServiceProbeResponse], error) {
	if err := allow(ctx, trust.RouteProbe); err != nil {
		return nil, err
	}
	v := s.hub.View()
	q, err := question(v, req.Msg.GetQuestion())
	if err != nil {
		return nil, err
	}
	if err := probeable(v, &q); err != nil {
		return nil, err
	}
	p := control.Probe{
		From: q.From.Endpoint, To: q.To.Endpoint, Destination: q.To.Address, Protocol: q.Protocol, Port: q.Port,
	}
	if key, sight := v.Find(p.From, p.Destination); sight == view.Seen { // else nobody would get it
		if e := v.Endpoint(key); e != nil && e.Attached() {
			p.To = e
		}
	}
	if p.To != nil && !p.To.Attached() {
		p.To = nil
	}
	if a := explain.Ask(v, q); a.Outside.IsValid() { // so that it is held back before the host's stack
		p.To = linkspan.OutsideEnd(p.From.Network, p.From.Chassis, p.Destination)
	}
	r, err := s.hub.Probe(ctx, p)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(probeMessage(v, &q, r)), nil
}

// probeable says why no packet can be injected.
func probeable(v *view.View, q *explain.Question) error {
	from := q.From.Endpoint
	switch {
	case from == nil || !from.Attached():
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "a packet is injected where a container of a network of driver linkspan would send it, and the first end is none",
			Hint: "name such a container first, or leave --probe out",
		}
	case q.To.Local != nil:
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "no packet leads from networks of the fabric to one that a host has alone",
			Hint: "leave --probe out: it tells why",
		}
	case !q.To.Address.IsValid(), from.Address.Is4() != q.To.Address.Is4():
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "one end has an IPv4 address and the other has not: no packet leads from one family to the other",
			Hint: "leave --probe out, or name both ends by addresses of one family",
		}
	case q.Protocol == ofOther(from.Address):
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("no system sends %s from %s", linkspan.ProtocolName(q.Protocol), from.Address),
			Hint: "IPv4 has icmp, IPv6 has icmp6",
		}
	}
	if explain.Answered(v, q) {
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "the switch answers echo requests to a network's gateway itself, before the tables in which packets are watched",
			Hint: "leave --probe out, or ask about another protocol",
		}
	}
	if a := explain.Ask(v, *q); a.Verdict == explain.Elsewhere {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "no switch decides about such packets: " + a.Reason, Hint: "leave --probe out"}
	}
	return nil
}

// ofOther is the ICMP of the family that an address is not of.
func ofOther(a netip.Addr) uint8 {
	if a.Is4() {
		return linkspan.ProtocolICMP6
	}
	return linkspan.ProtocolICMP
}

func probeMessage(v *view.View, q *explain.Question, r *control.ProbeReport) *apiv1.TraceServiceProbeResponse {
	m := &apiv1.TraceServiceProbeResponse{Outcome: r.Outcome.String(), Packet: packetText(q, r)}
	for _, e := range r.Events {
		event := &apiv1.TraceEvent{
			Chassis: v.ChassisName(e.Chassis), After: durationpb.New(e.After), Kind: e.Kind.String(), Table: e.Table,
			Transport: string(e.Transport), Reason: e.Reason.String(),
		}
		if e.To != 0 {
			event.To = v.ChassisName(e.To)
		}
		if e.Kind == control.ProbeDecided {
			event.Verdict = e.Verdict.String()
		}
		m.Events = append(m.Events, event)
	}
	return m
}

// packetText describes the packet that was injected.
func packetText(q *explain.Question, r *control.ProbeReport) string {
	text := portsOf(q)
	switch {
	case q.Protocol == linkspan.ProtocolTCP:
		text = fmt.Sprintf("tcp %d > %d, SYN", r.Mark.SourcePort, r.Mark.DestinationPort)
	case linkspan.Ported(q.Protocol):
		text = fmt.Sprintf("%s %d > %d", linkspan.ProtocolName(q.Protocol), r.Mark.SourcePort, r.Mark.DestinationPort)
	}
	return fmt.Sprintf("%s, %d bytes, ttl %d", text, len(r.Frame), r.Mark.TTL)
}
