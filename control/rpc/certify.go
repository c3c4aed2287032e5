// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// foreignMTU is taken to be that of a switch which nobody measures, in bytes:
// Ethernet's.
const foreignMTU = 1500

// Certify registers a switch without a process of ours beside it. It becomes a
// chassis like any other: the number that its certificate carries is what binds
// its datapath id, and what lets it write its own endpoints.
func (s switchService) Certify(ctx context.Context, req *connect.Request[apiv1.SwitchServiceCertifyRequest]) (*connect.Response[apiv1.SwitchServiceCertifyResponse], error) {
	if err := allow(ctx, trust.DatapathCreate); err != nil {
		return nil, err
	}
	if len(s.openflow) == 0 {
		return nil, &linkspan.Error{
			Code: linkspan.Unavailable, Message: "this controller takes no OpenFlow connections of foreign switches",
			Hint: "start it with --openflow :6653",
		}
	}
	if _, err := trust.RequestKey(req.Msg.GetCsr()); err != nil { // before anything is written
		return nil, err
	}
	register := s.enrol
	if req.Msg.GetRenew() {
		register = s.enrolled
	}
	c, err := register(ctx, req.Msg)
	if err != nil {
		return nil, err
	}
	chain, err := s.ca.IssueChassis(req.Msg.GetCsr(), c.Name, c.ID, c.DPID(), Generation(&c))
	if err != nil {
		return nil, err
	}
	return s.certified(&c, chain)
}

func (s switchService) certified(c *linkspan.Chassis, chain []byte) (*connect.Response[apiv1.SwitchServiceCertifyResponse], error) {
	certs, err := trust.ParseCertificates(chain)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.SwitchServiceCertifyResponse{
		Id: uint32(c.ID), Dpid: c.DPID().String(), Certificate: chain,
		Expires: timestamppb.New(certs[0].NotAfter), Controllers: s.openflow,
	}), nil
}

// enrol creates the chassis. Should its certificate not be issued after that,
// the same call with renew issues it.
func (s switchService) enrol(ctx context.Context, m *apiv1.SwitchServiceCertifyRequest) (linkspan.Chassis, error) {
	c := linkspan.Chassis{Name: m.GetName(), MTU: foreignMTU}
	var err error
	if c.Underlay, err = underlay(m.GetUnderlay()); err != nil {
		return c, err
	}
	if _, err := s.store.ChassisByName(ctx, c.Name); err == nil {
		return c, &linkspan.Error{
			Code: linkspan.Exists, Message: "a switch named " + c.Name + " is registered already",
			Hint: "for another certificate for it, add --renew",
		}
	}
	if err = s.vacant(0, c.Underlay); err != nil {
		return c, err
	}
	c, err = s.store.CreateChassis(ctx, c)
	if err == nil {
		s.event(ctx, linkspan.SwitchJoined, c.Name, "certified for OpenFlow, underlay address "+c.Underlay.String())
	}
	return c, err
}

// enrolled returns the chassis that is there, at its new address if one is
// given. One that runs a program of its own renews its certificate by itself; a
// second one for the same name would only let two switches drive each other out.
func (s switchService) enrolled(ctx context.Context, m *apiv1.SwitchServiceCertifyRequest) (linkspan.Chassis, error) {
	c, err := s.store.ChassisByName(ctx, m.GetName())
	if err != nil {
		return c, err
	}
	if c.Version != "" {
		return c, &linkspan.Error{
			Code: linkspan.InUse, Message: "switch " + c.Name + " runs Linkspan " + c.Version + ", which renews its certificate itself",
			Hint: "if that host is gone, type: linkspan switch rm " + c.Name,
		}
	}
	if m.GetUnderlay() == "" {
		return c, nil
	}
	at, err := underlay(m.GetUnderlay())
	if err != nil {
		return c, err
	}
	if err := s.vacant(c.ID, at); err != nil {
		return c, err
	}
	return s.store.UpdateChassis(ctx, c.ID, func(c *linkspan.Chassis) { c.Underlay = at })
}
