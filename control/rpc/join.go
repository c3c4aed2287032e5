// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"net/netip"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// Join is the one call that needs no certificate: the token is what lets in.
// It is checked before anything is written, so that nobody without a token can
// make a chassis, and used up in one step with the name it was used for. A host
// that lost the answer may ask again with the same key.
func (s chassisService) Join(ctx context.Context, req *connect.Request[apiv1.ChassisServiceJoinRequest]) (*connect.Response[apiv1.ChassisServiceJoinResponse], error) {
	token, err := trust.ParseToken(req.Msg.GetToken())
	if err != nil {
		return nil, err
	}
	key, err := trust.RequestKey(req.Msg.GetCsr())
	if err != nil {
		return nil, err
	}
	c := linkspan.Chassis{
		Name: req.Msg.GetName(), MTU: int(req.Msg.GetMtu()), Version: req.Msg.GetVersion(), Site: req.Msg.GetSite(),
	}
	if c.Underlay, err = underlay(req.Msg.GetUnderlay()); err != nil {
		return nil, err
	}
	c, created, err := s.admit(ctx, token, key, c)
	if err != nil {
		return nil, err
	}
	chain, err := s.ca.IssueChassis(req.Msg.GetCsr(), c.Name, c.ID, c.DPID(), Generation(&c))
	if err != nil {
		return nil, err
	}
	if created {
		s.event(withCaller(ctx, caller{Identity: identity(&c)}), linkspan.SwitchJoined, c.Name, "underlay address "+c.Underlay.String()+", site "+c.InSite())
	}
	return connect.NewResponse(&apiv1.ChassisServiceJoinResponse{Id: uint32(c.ID), Certificate: chain}), nil
}

// admit redeems the token for a chassis, which it creates unless this is the
// repetition of a request.
func (s *Server) admit(ctx context.Context, token trust.Token, key trust.Digest, c linkspan.Chassis) (linkspan.Chassis, bool, error) {
	tokens := store.Tokens[trust.TokenRecord](s.store)
	record, err := s.tokenRecord(ctx, token.ID)
	if err != nil {
		return c, false, err
	}
	probe := c
	probe.ID = 1
	if _, err := record.Redeem(token.ID, token.Secret, identity(&probe), key, s.now()); err != nil {
		return c, false, err
	}
	if !record.Used.IsZero() {
		c, err = s.store.Chassis(ctx, record.UsedBy.Number)
		return c, false, err
	}
	c, err = s.store.CreateChassis(ctx, c)
	if err != nil {
		return c, false, err
	}
	_, err = tokens.Update(ctx, token.ID.String(), func(r trust.TokenRecord) (trust.TokenRecord, error) {
		if !r.Used.IsZero() && r.UsedBy != identity(&c) { // somebody was quicker, with this very token
			return r, &linkspan.Error{Code: linkspan.Unauthenticated, Message: "the join token was used meanwhile"}
		}
		return r.Redeem(token.ID, token.Secret, identity(&c), key, s.now())
	})
	if err != nil {
		undo := s.store.RemoveChassis(context.WithoutCancel(ctx), c)
		if undo != nil {
			s.log.Error("chassis of a failed join stays", "chassis", c.Name, "error", undo)
		}
	}
	return c, true, err
}

func (s *Server) tokenRecord(ctx context.Context, id trust.TokenID) (record trust.TokenRecord, err error) {
	record, err = store.Tokens[trust.TokenRecord](s.store).Get(ctx, id.String())
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return trust.TokenRecord{}, nil // a wrong id and a wrong secret look the same
	}
	return record, err
}

// identity is who a chassis is in its certificate.
func identity(c *linkspan.Chassis) trust.Identity {
	return trust.Identity{
		Kind: trust.KindChassis, Name: c.Name, Number: c.ID, DPID: c.DPID(), Generation: Generation(c),
	}
}

// Generation tells this life of a chassis's name from an earlier one.
func Generation(c *linkspan.Chassis) uint64 { return uint64(max(0, c.Joined.UnixMicro())) }

// vacant refuses an underlay address that another chassis has: peers could not
// tell the two apart.
func (s *Server) vacant(id linkspan.ChassisID, at netip.Addr) error {
	for c := range s.hub.View().AllChassis() {
		if c.ID != id && c.Underlay == at {
			return &linkspan.Error{
				Code: linkspan.Conflict, Message: "underlay address " + at.String() + " is that of switch " + c.Name,
				Hint: "give the address where other hosts reach this one: linkspan serve switch --underlay ADDRESS",
			}
		}
	}
	return nil
}

func underlay(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, &linkspan.Error{Code: linkspan.Invalid, Message: "underlay address", Err: err}
	}
	return a, nil
}
