// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"net/netip"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type chassisService struct{ *Server }

var _ apiv1connect.ChassisServiceHandler = chassisService{}

func (s chassisService) Renew(ctx context.Context, req *connect.Request[apiv1.ChassisServiceRenewRequest]) (*connect.Response[apiv1.ChassisServiceRenewResponse], error) {
	if _, err := chassis(ctx, trust.CertificateRenew); err != nil {
		return nil, err
	}
	chain, err := s.ca.Renew(req.Msg.GetCsr(), callerOf(ctx).cert)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceRenewResponse{Certificate: chain}), nil
}

func (s chassisService) Reserve(ctx context.Context, req *connect.Request[apiv1.ChassisServiceReserveRequest]) (*connect.Response[apiv1.ChassisServiceReserveResponse], error) {
	id, err := chassis(ctx, trust.AddressAllocate)
	if err != nil {
		return nil, err
	}
	if err := s.mayReserve(id); err != nil {
		return nil, err
	}
	e := linkspan.Endpoint{
		Network: linkspan.NetworkID(req.Msg.GetNetwork()), Chassis: id, Container: req.Msg.GetContainer(),
	}
	if want := req.Msg.GetAddress(); want != "" {
		if e.Address, err = netip.ParseAddr(want); err != nil {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Err: err}
		}
	}
	switch e.Address {
	case netip.Addr{}:
		err = s.reserveAny(ctx, &e, s.addresses.Propose)
	case netip.IPv6Unspecified():
		err = s.reserveAny(ctx, &e, s.addresses.ProposeIPv6)
	default:
		err = s.store.Reserve(ctx, e)
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceReserveResponse{Address: e.Address.String()}), nil
}

// reserveAny tries proposals until the store gives one to e. A proposal that
// another controller leased meanwhile stays taken here and the next is tried.
func (s *Server) reserveAny(ctx context.Context, e *linkspan.Endpoint, propose func(linkspan.NetworkID) (netip.Addr, error)) error {
	for {
		a, err := propose(e.Network)
		if err != nil {
			return err
		}
		e.Address = a
		err = s.store.Reserve(ctx, *e)
		if linkspan.CodeOf(err) == linkspan.Exists {
			continue
		}
		if err != nil {
			s.addresses.Withdraw(e.Network, a)
		}
		return err
	}
}

func (s chassisService) Attach(ctx context.Context, req *connect.Request[apiv1.ChassisServiceAttachRequest]) (*connect.Response[apiv1.ChassisServiceAttachResponse], error) {
	id, err := chassis(ctx, trust.EndpointWriteOwn)
	if err != nil {
		return nil, err
	}
	e, err := api.EndpointFromProto(req.Msg.GetEndpoint())
	if err != nil {
		return nil, err
	}
	e.Chassis = id
	if err := s.driven(ctx, &e); err != nil {
		return nil, err
	}
	if err := s.store.Attach(ctx, e); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceAttachResponse{}), nil
}

// driven refuses an endpoint that is not as those of its network's driver are.
// The driver of a network never changes.
func (s *Server) driven(ctx context.Context, e *linkspan.Endpoint) error {
	n := s.hub.View().Network(e.Network)
	if n == nil {
		stored, err := s.store.Network(ctx, e.Network)
		if linkspan.CodeOf(err) == linkspan.NotFound {
			return nil // nor is there a reservation, as the store will say
		}
		if err != nil {
			return err
		}
		n = &stored
	}
	if e.Driver.Name() == n.Driver.Name() {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: "network " + n.Name + " is of driver " + string(n.Driver.Name()) + ", the endpoint of driver " + string(e.Driver.Name()),
	}
}

func (s chassisService) Release(ctx context.Context, req *connect.Request[apiv1.ChassisServiceReleaseRequest]) (*connect.Response[apiv1.ChassisServiceReleaseResponse], error) {
	id, err := chassis(ctx, trust.AddressAllocate)
	if err != nil {
		return nil, err
	}
	a, err := netip.ParseAddr(req.Msg.GetAddress())
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Err: err}
	}
	if err := s.store.Release(ctx, linkspan.NetworkID(req.Msg.GetNetwork()), a, id); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceReleaseResponse{}), nil
}

func (s chassisService) Report(ctx context.Context, req *connect.Request[apiv1.ChassisServiceReportRequest]) (*connect.Response[apiv1.ChassisServiceReportResponse], error) {
	if _, err := chassis(ctx, trust.EndpointWriteOwn); err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	e := api.EventFromProto(req.Msg.GetEvent())
	e.Chassis, e.Actor, e.Time = c.Name, c.String(), s.now().UTC()
	if len(e.Message) > maxEventText || len(e.Subject) > maxEventText || len(e.Kind) > maxEventText {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "the event is too long"}
	}
	if !e.Kind.BySwitch() {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "a switch does not report " + string(e.Kind)}
	}
	if err := s.store.AppendEvent(ctx, e); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceReportResponse{}), nil
}

// maxEventText bounds each text of an event that a switch reports, in bytes.
const maxEventText = 4096
