// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tool"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust/audit"
)

// List implements the service: what the caller may see.
func (s operateService) List(ctx context.Context, _ *connect.Request[apiv1.OperateServiceListRequest]) (*connect.Response[apiv1.OperateServiceListResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	m := &apiv1.OperateServiceListResponse{}
	for _, item := range s.options.Shows.Items() {
		if maySee(c, item) != nil {
			continue
		}
		one := &apiv1.ShowItem{Name: item.Name, Help: item.Help}
		for _, a := range item.Args {
			one.Args = append(one.Args, &apiv1.ShowArg{Name: a.Name, Help: a.Help})
		}
		m.Items = append(m.Items, one)
	}
	return connect.NewResponse(m), nil
}

// maySee refuses what is for higher roles.
func maySee(c Caller, item show.Item) error {
	if item.Act == "" {
		return nil
	}
	return c.User.May(access.Act(item.Act))
}

// Show implements the service.
func (s operateService) Show(ctx context.Context, r *connect.Request[apiv1.OperateServiceShowRequest]) (*connect.Response[apiv1.OperateServiceShowResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	noted(ctx).text += " " + tree.Join(append([]string{r.Msg.GetName()}, r.Msg.GetArgs()...))
	item, err := s.options.Shows.Find(r.Msg.GetName())
	if err != nil {
		return nil, err
	}
	if err := maySee(c, item); err != nil {
		return nil, err
	}
	report, err := s.options.Shows.Show(ctx, item.Name, r.Msg.GetArgs())
	if err != nil {
		return nil, err
	}
	text, err := report.JSON()
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.OperateServiceShowResponse{Report: show.ToProto(report), Json: string(text)}), nil
}

// Values implements the service.
func (s operateService) Values(ctx context.Context, r *connect.Request[apiv1.OperateServiceValuesRequest]) (*connect.Response[apiv1.OperateServiceValuesResponse], error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	m := &apiv1.OperateServiceValuesResponse{}
	switch r.Msg.GetKind() {
	case "interface":
		m.Values = s.options.Interfaces(ctx)
	case "service":
		if s.options.Attach != nil {
			m.Values = s.options.Attach.Services(ctx)
		}
	case "show":
		item, err := s.options.Shows.Find(r.Msg.GetItem())
		if err != nil {
			return nil, err
		}
		if at := int(r.Msg.GetArg()); maySee(c, item) == nil && at < len(item.Args) && item.Args[at].Values != nil {
			m.Values = item.Args[at].Values(ctx)
		}
	default:
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "there are no values of kind " + r.Msg.GetKind(), Hint: "interface, service or show"}
	}
	return connect.NewResponse(m), nil
}

// Ping implements the service.
func (s operateService) Ping(ctx context.Context, r *connect.Request[apiv1.OperateServicePingRequest], out *connect.ServerStream[apiv1.OperateServicePingResponse]) error {
	p := tool.Ping{
		Host: r.Msg.GetHost(), Count: int(r.Msg.GetCount()), Size: int(r.Msg.GetSize()), Source: r.Msg.GetSource(), Interval: r.Msg.GetInterval().AsDuration(),
	}
	c, err := p.Command()
	return s.try(ctx, p.Host, c, err, func(line string) error { return out.Send(&apiv1.OperateServicePingResponse{Line: line}) })
}

// Traceroute implements the service.
func (s operateService) Traceroute(ctx context.Context, r *connect.Request[apiv1.OperateServiceTracerouteRequest], out *connect.ServerStream[apiv1.OperateServiceTracerouteResponse]) error {
	t := tool.Traceroute{Host: r.Msg.GetHost(), Hops: int(r.Msg.GetHops()), Source: r.Msg.GetSource()}
	c, err := t.Command()
	return s.try(ctx, t.Host, c, err, func(line string) error { return out.Send(&apiv1.OperateServiceTracerouteResponse{Line: line}) })
}

// Capture implements the service.
func (s operateService) Capture(ctx context.Context, r *connect.Request[apiv1.OperateServiceCaptureRequest], out *connect.ServerStream[apiv1.OperateServiceCaptureResponse]) error {
	p := tool.Capture{Interface: r.Msg.GetInterface(), Count: int(r.Msg.GetCount()), Filter: r.Msg.GetFilter()}
	c, err := p.Command()
	if err == nil {
		err = s.device(ctx, p.Interface)
	}
	return s.try(ctx, strings.TrimSpace(p.Interface+" "+strings.Join(p.Filter, " ")), c, err, func(line string) error {
		return out.Send(&apiv1.OperateServiceCaptureResponse{Line: line})
	})
}

// device refuses a name that no interface of the switch has. Programs have names of their own:
// for all interfaces, for packets that a firewall logs, for those of a USB bus.
func (s operateService) device(ctx context.Context, name string) error {
	if name == "lo" || slices.Contains(s.options.Interfaces(ctx), name) {
		return nil
	}
	return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no interface %q", name), Hint: "show interfaces"}
}

// try runs a program that somebody tries the network with.
func (s operateService) try(ctx context.Context, what string, c tool.Command, wrong error, each func(line string) error) error {
	n := noted(ctx)
	n.text += " " + what
	if wrong != nil {
		return wrong
	}
	if n.kind == audit.Call {
		if err := n.begin(); err != nil {
			return err
		}
	}
	return s.options.Run(ctx, c, each)
}
