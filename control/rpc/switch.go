// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

type switchService struct{ *Server }

var _ apiv1connect.SwitchServiceHandler = switchService{}

func (s switchService) List(ctx context.Context, _ *connect.Request[apiv1.SwitchServiceListRequest]) (*connect.Response[apiv1.SwitchServiceListResponse], error) {
	if err := allow(ctx, trust.SwitchRead); err != nil {
		return nil, err
	}
	all, err := s.store.AllChassis(ctx)
	if err != nil {
		return nil, err
	}
	counts := make(map[linkspan.ChassisID]uint32)
	for e := range s.hub.View().Endpoints() {
		if e.Address.Is4() { // others are second addresses
			counts[e.Chassis]++
		}
	}
	resp := &apiv1.SwitchServiceListResponse{Switches: make([]*apiv1.Switch, len(all))}
	for i := range all {
		resp.Switches[i] = s.describe(&all[i], counts[all[i].ID])
	}
	return connect.NewResponse(resp), nil
}

// describe adds to the record what only the sessions know.
func (s *Server) describe(c *linkspan.Chassis, endpoints uint32) *apiv1.Switch {
	m := &apiv1.Switch{
		Id: uint32(c.ID), Name: c.Name, Dpid: c.DPID().String(), Underlay: c.Underlay.String(), Mtu: uint32(c.MTU),
		Version: c.Version, Joined: timestamppb.New(c.Joined), Endpoints: endpoints, Site: c.InSite(),
	}
	if info, ok := s.hub.Connected(c.ID); ok {
		// Without its flows in place it has a session, but is not connected yet.
		m.Connected, m.Since, m.Peer = info.Ready, timestamppb.New(info.Since), info.Remote
	}
	return m
}

func (s switchService) Get(ctx context.Context, req *connect.Request[apiv1.SwitchServiceGetRequest]) (*connect.Response[apiv1.SwitchServiceGetResponse], error) {
	if err := allow(ctx, trust.SwitchRead); err != nil {
		return nil, err
	}
	c, err := s.store.ChassisByName(ctx, req.Msg.GetSwitch())
	if err != nil {
		return nil, err
	}
	endpoints, err := s.endpoints(ctx, 0, c.ID)
	if err != nil {
		return nil, err
	}
	v := s.hub.View()
	return connect.NewResponse(&apiv1.SwitchServiceGetResponse{
		Switch: s.describe(&c, uint32(len(endpoints))), Endpoints: endpoints, Local: s.localMessages(v, localNetworks(v, "", c.ID)),
	}), nil
}

// Remove revokes first, so that the switch cannot come back while the rest is
// taken down, and removes the record last, so that a removal that failed half
// way is simply repeated.
func (s switchService) Remove(ctx context.Context, req *connect.Request[apiv1.SwitchServiceRemoveRequest]) (*connect.Response[apiv1.SwitchServiceRemoveResponse], error) {
	if err := allow(ctx, trust.SwitchRemove); err != nil {
		return nil, err
	}
	c, err := s.store.ChassisByName(ctx, req.Msg.GetSwitch())
	if err != nil {
		return nil, err
	}
	own, err := s.ownedBy(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if !req.Msg.GetForce() {
		if err := s.removable(&c, len(own)); err != nil {
			return nil, err
		}
	}
	if err := s.revoke(ctx, &c); err != nil {
		return nil, err
	}
	if err := errors.Join(s.release(ctx, c.ID, own), s.store.RemoveLocals(ctx, c.ID)); err != nil {
		return nil, err
	}
	if err := s.store.RemoveChassis(ctx, c); err != nil {
		return nil, err
	}
	// A request that was under way may have reserved, or told, until a moment ago.
	late, err := s.ownedBy(ctx, c.ID)
	if err == nil {
		err = errors.Join(s.release(ctx, c.ID, late), s.store.RemoveLocals(ctx, c.ID))
	}
	if err != nil {
		return nil, err
	}
	if err := s.Part(ctx); err != nil {
		return nil, err
	}
	s.event(ctx, linkspan.SwitchRemoved, c.Name, "its certificates are revoked and "+strconv.Itoa(len(own)+len(late))+" addresses freed")
	return connect.NewResponse(&apiv1.SwitchServiceRemoveResponse{}), nil
}

// ownedBy lists the endpoints and reservations of a chassis.
func (s *Server) ownedBy(ctx context.Context, id linkspan.ChassisID) ([]linkspan.Endpoint, error) {
	all, err := s.store.Endpoints(ctx, 0)
	return slices.DeleteFunc(all, func(e linkspan.Endpoint) bool { return e.Chassis != id }), err
}

func (s *Server) release(ctx context.Context, id linkspan.ChassisID, endpoints []linkspan.Endpoint) (err error) {
	for _, e := range endpoints {
		err = errors.Join(err, s.store.Release(ctx, e.Network, e.Address, id))
	}
	return err
}

func (s *Server) removable(c *linkspan.Chassis, endpoints int) error {
	why := ""
	if _, connected := s.hub.Connected(c.ID); connected {
		why = "is connected"
	} else if endpoints > 0 {
		why = "has " + strconv.Itoa(endpoints) + " endpoints"
	}
	if why == "" {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.InUse, Message: "switch " + c.Name + " " + why,
		Hint: "to remove it all the same, type: linkspan switch rm --force " + c.Name,
	}
}

func (s *Server) revoke(ctx context.Context, c *linkspan.Chassis) error {
	who := identity(c)
	r := trust.RevokeName(who, callerOf(ctx).Identity, "switch removed", s.now(), trust.DefaultLifetime)
	key := string(who.Kind) + "-" + who.Name + "-" + strconv.FormatUint(who.Generation, 10)
	if err := store.Revocations[trust.Revocation](s.store).Put(ctx, key, r); err != nil {
		return err
	}
	s.hub.Disconnect(c.ID, "the switch was removed")
	return nil
}

func (s switchService) CreateToken(ctx context.Context, req *connect.Request[apiv1.SwitchServiceCreateTokenRequest]) (*connect.Response[apiv1.SwitchServiceCreateTokenResponse], error) {
	if err := allow(ctx, trust.TokenCreate); err != nil {
		return nil, err
	}
	ttl := req.Msg.GetTtl().AsDuration()
	if ttl < 0 {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "a token cannot expire in the past"}
	}
	token, record, err := trust.NewToken(trust.TokenRequest{
		CA: s.ca.Fingerprint(), Addresses: s.advertise, Lifetime: ttl, CreatedBy: callerOf(ctx).Identity, Now: s.now(),
	})
	if err != nil {
		return nil, err
	}
	if err := store.Tokens[trust.TokenRecord](s.store).Put(ctx, record.ID.String(), record); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.SwitchServiceCreateTokenResponse{
		Token: token.Reveal(), Expires: timestamppb.New(token.Expires),
	}), nil
}
