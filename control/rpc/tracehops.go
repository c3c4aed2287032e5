// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"net/netip"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/explain"
	"github.com/linkspan/linkspan/control/view"
)

// The kinds of hops.
const (
	hopContainer = "container"
	hopSwitch    = "switch"
	hopWire      = "wire"
	hopOutside   = "outside"
)

// hops returns the places that packets come by, with the flows of the switches.
func (s *Server) hops(ctx context.Context, v *view.View, q *explain.Question, a *explain.Answer) (hops []*apiv1.TraceHop) {
	from, to := q.From.Endpoint, a.To
	if to == nil {
		to = q.To.Endpoint
	}
	hops = append(hops, endHop(v, &q.From))
	if from != nil && from.Attached() {
		hops = append(hops, s.switchHop(ctx, v, from, q, farOf(q.To.Address, a)))
	}
	if to != nil && to.Attached() && (from == nil || from.Chassis != to.Chassis) {
		if from != nil && a.Path.Transport != "" {
			hops = append(hops, wireHop(v, from, to, a))
		}
		hops = append(hops, s.switchHop(ctx, v, to, q, farOf(q.From.Address, a)))
	}
	last := q.To
	if to != nil {
		last = explain.At(to)
	}
	return append(hops, endHop(v, &last))
}

// farOf returns the addresses that flows about one of them are for: where it is outside of
// all networks, all that the answer is about.
func farOf(far netip.Addr, a *explain.Answer) netip.Prefix {
	if a.Outside.Contains(far) {
		return a.Outside
	}
	return netip.PrefixFrom(far, far.BitLen())
}

func endHop(v *view.View, e *explain.End) *apiv1.TraceHop {
	m := traceEndMessage(v, e)
	h := &apiv1.TraceHop{Kind: hopContainer, Name: m.GetName(), Detail: m.GetAddress()}
	switch {
	case h.Name == "" && e.Endpoint == nil:
		h.Kind, h.Name, h.Detail = hopOutside, m.GetAddress(), "no endpoint of Linkspan"
	case h.Name == "":
		h.Name = m.GetAddress()
	case m.GetMac() != "":
		h.Detail += ", " + m.GetMac()
	}
	if m.GetPort() != 0 {
		h.Detail += fmt.Sprintf(", port %d", m.GetPort())
	}
	return h
}

func wireHop(v *view.View, from, to *linkspan.Endpoint, a *explain.Answer) *apiv1.TraceHop {
	h := &apiv1.TraceHop{Kind: hopWire, Name: string(a.Path.Transport)}
	one, other := v.Chassis(from.Chassis), v.Chassis(to.Chassis)
	if one != nil && other != nil {
		h.Detail = fmt.Sprintf("%s to %s", one.Underlay, other.Underlay)
	}
	return h
}

// switchHop asks a switch for its flows between an endpoint and an address, or some: none
// where they are of two families, of which there is no match.
func (s *Server) switchHop(ctx context.Context, v *view.View, e *linkspan.Endpoint, q *explain.Question, far netip.Prefix) *apiv1.TraceHop {
	h := &apiv1.TraceHop{Kind: hopSwitch, Name: v.ChassisName(e.Chassis)}
	if e.Address.Is4() != far.Addr().Is4() {
		h.Detail = "no flow leads from one family to the other"
		return h
	}
	flows, err := s.hub.Trail(ctx, e, far)
	if err != nil {
		h.Missing, h.Detail = true, err.Error()
		return h
	}
	for i := range flows {
		if m := trailFlow(&flows[i], e, q); m != nil {
			h.Flows = append(h.Flows, m)
		}
	}
	return h
}

// trailFlow writes a flow, if the packets of the question meet it, or their replies.
func trailFlow(f *control.TrailFlow, at *linkspan.Endpoint, q *explain.Question) *apiv1.TraceFlow {
	back := f.To.Contains(q.From.Address) || f.From.Contains(q.To.Address)
	if f.What == "guard" {
		back = at.Address != q.From.Address
	}
	opened := back == f.Replies // in the direction that is asked about
	if f.What == "strays" {     // which nothing that opens a connection meets
		return nil
	}
	if f.What == "class" && (!opened || !f.Class.Contains(q.Protocol, q.Port)) {
		return nil
	}
	if f.What == "denial" && (back || f.Class.Protocol != 0 && !f.Class.Contains(q.Protocol, q.Port)) {
		return nil
	}
	m := &apiv1.TraceFlow{
		Table: f.Table, What: f.What, Back: back, Packets: f.Packets, Bytes: f.Bytes,
		Age: durationpb.New(f.Age), Idle: durationpb.New(f.Idle), Text: f.Text,
	}
	if f.Class.Protocol != 0 {
		m.Class = f.Class.String()
	}
	return m
}
