// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// dumpLimit is how long a switch may take to dump its routes before it counts
// as missing.
const dumpLimit = 10 * time.Second

type routeService struct{ *Server }

var _ apiv1connect.RouteServiceHandler = routeService{}

func (s routeService) List(ctx context.Context, req *connect.Request[apiv1.RouteServiceListRequest]) (*connect.Response[apiv1.RouteServiceListResponse], error) {
	if err := allow(ctx, trust.RouteRead); err != nil {
		return nil, err
	}
	network, chassis, err := s.filter(ctx, req.Msg.GetNetwork(), req.Msg.GetChassis())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dumpLimit)
	defer cancel()
	routes, missing := s.hub.Routes(ctx, control.Filter{Network: network, Chassis: chassis})
	v := s.hub.View()
	resp := &apiv1.RouteServiceListResponse{Refused: RefusedSites(v)}
	for i := range routes {
		if strings.HasPrefix(routes[i].ID.String(), req.Msg.GetRoute()) {
			m := routeMessage(v, &routes[i])
			m.Rules = s.routeRules(v, &routes[i])
			resp.Routes = append(resp.Routes, m)
		}
	}
	for _, id := range missing {
		resp.Missing = append(resp.Missing, v.ChassisName(id))
	}
	return connect.NewResponse(resp), nil
}

func routeMessage(v *view.View, r *linkspan.Route) *apiv1.Route {
	packets, bytes := r.Traffic()
	m := &apiv1.Route{
		Id: r.ID.String(), Network: v.NetworkName(r.Network), A: r.A.String(), B: endOfRoute(r, r.B),
		AName: endpointName(v, r.Network, r.A), BName: endpointName(v, r.NetworkB, r.B), BNetwork: v.NetworkName(r.NetworkB),
		Transport: string(r.Transport), Packets: packets, Bytes: bytes, Tracked: r.Tracked, Classes: routeClasses(v, r),
	}
	for _, id := range r.Chassis {
		m.Chassis = append(m.Chassis, v.ChassisName(id))
	}
	var age, idle time.Duration
	for i := range r.Flows {
		f := &r.Flows[i]
		age, idle = max(age, f.Age), max(idle, f.Idle)
		m.Flows = append(m.Flows, &apiv1.RouteFlow{
			Chassis: v.ChassisName(f.Chassis), From: endOfRoute(r, f.From), To: endOfRoute(r, f.To),
			Packets: f.Packets, Bytes: f.Bytes, Age: durationpb.New(f.Age), Text: f.Text,
			Policy: policyName(v, f.Policy),
		})
	}
	m.Age, m.Idle = durationpb.New(age), durationpb.New(idle)
	return m
}

// Watch sends an empty message first, so that the caller knows that nothing
// from now on is missed, and tells when the caller was too slow.
func (s routeService) Watch(ctx context.Context, req *connect.Request[apiv1.RouteServiceWatchRequest], stream *connect.ServerStream[apiv1.RouteServiceWatchResponse]) error {
	if err := allow(ctx, trust.RouteRead); err != nil {
		return err
	}
	network, _, err := s.filter(ctx, req.Msg.GetNetwork(), "")
	if err != nil {
		return err
	}
	w := s.hub.Watch()
	defer w.Close()
	if err := stream.Send(&apiv1.RouteServiceWatchResponse{}); err != nil {
		return err
	}
	for {
		events, lost, err := w.Next(ctx)
		if err != nil {
			return err
		}
		if lost > 0 {
			return &linkspan.Error{Code: linkspan.Unavailable, Message: fmt.Sprintf("%d route events were lost, as they were read too slowly", lost)}
		}
		for i := range events {
			if network != 0 && events[i].Network != network && events[i].ToNetwork != network {
				continue
			}
			if err := stream.Send(routeEvent(s.hub.View(), &events[i])); err != nil {
				return err
			}
		}
	}
}

var routeKinds = map[control.RouteEventKind]apiv1.RouteServiceWatchResponse_Kind{
	control.Plugged:   apiv1.RouteServiceWatchResponse_KIND_PLUGGED,
	control.Unplugged: apiv1.RouteServiceWatchResponse_KIND_UNPLUGGED,
	control.Denied:    apiv1.RouteServiceWatchResponse_KIND_DENIED,
}

func routeEvent(v *view.View, e *control.RouteEvent) *apiv1.RouteServiceWatchResponse {
	return &apiv1.RouteServiceWatchResponse{
		Time: timestamppb.New(e.Time), Kind: routeKinds[e.Kind], Network: v.NetworkName(e.Network), ToNetwork: v.NetworkName(e.ToNetwork),
		From: e.From.String(), To: e.To.String(), Chassis: v.ChassisName(e.Chassis), Reason: e.Reason,
		FromName: endpointName(v, e.Network, e.From), ToName: endpointName(v, e.ToNetwork, e.To),
		Packets: e.Packets, Bytes: e.Bytes, Policy: e.Policy, Ports: askedPorts(e),
	}
}

// endpointName is chassis/container of an address, or what is known of it.
func endpointName(v *view.View, network linkspan.NetworkID, a netip.Addr) string {
	e := v.Endpoint(view.Key{Network: network, Address: a})
	if e == nil {
		return ""
	}
	return v.ChassisName(e.Chassis) + "/" + e.Container
}
