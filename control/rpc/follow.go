// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// Follow keeps a chassis told. Its costs are those of what it tells.
func (s chassisService) Follow(ctx context.Context, req *connect.Request[apiv1.ChassisServiceFollowRequest], stream *connect.ServerStream[apiv1.ChassisServiceFollowResponse]) error {
	id, err := chassis(ctx, trust.EndpointWriteOwn)
	if err != nil {
		return err
	}
	if err := s.settle(ctx, id, req.Msg); err != nil {
		return err
	}
	peers := s.peering.Attach(id)
	defer peers.Close()
	f := follower{
		server: s.Server, id: id, peers: peers,
		sequence: uint64(s.now().UnixNano()), // above those of an earlier stream, whose last word may come late
	}
	return f.run(ctx, stream)
}

// settle stores where the chassis is now and what it runs.
func (s *Server) settle(ctx context.Context, id linkspan.ChassisID, m *apiv1.ChassisServiceFollowRequest) error {
	at, err := underlay(m.GetUnderlay())
	if err != nil {
		return err
	}
	if err := s.vacant(id, at); err != nil {
		return err
	}
	_, err = s.store.UpdateChassis(ctx, id, func(c *linkspan.Chassis) {
		c.Version, c.Underlay, c.MTU = m.GetVersion(), at, int(m.GetMtu())
	})
	return err
}

func (s chassisService) Acknowledge(ctx context.Context, req *connect.Request[apiv1.ChassisServiceAcknowledgeRequest]) (*connect.Response[apiv1.ChassisServiceAcknowledgeResponse], error) {
	id, err := chassis(ctx, trust.EndpointWriteOwn)
	if err != nil {
		return nil, err
	}
	s.peering.Acknowledge(id, req.Msg.GetSequence())
	if err := s.learnPaths(ctx, id, req.Msg.GetPaths()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.ChassisServiceAcknowledgeResponse{}), nil
}

// NetworksChanged tells all who follow that a network came, went or changed in
// the View.
func (s *Server) NetworksChanged() { s.networks.ring() }

// follower is one chassis's stream.
type follower struct {
	server   *Server
	id       linkspan.ChassisID
	peers    *peering.Stream
	sequence uint64
	told     view.Networks
	led      []*apiv1.Bridge
	reaching *view.Reaching // of which led is; nil: of nothing yet
}

func (f *follower) run(ctx context.Context, stream *connect.ServerStream[apiv1.ChassisServiceFollowResponse]) error {
	for {
		changed := f.server.networks.wait() // before looking, so that nothing is missed
		if m := f.next(); m != nil {
			if err := stream.Send(m); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.peers.Replaced():
			return &linkspan.Error{Code: linkspan.Conflict, Message: "the switch follows with another connection"}
		case <-f.peers.Changed():
		case <-changed:
		}
	}
}

// next returns what the chassis must be told, or nil.
func (f *follower) next() *apiv1.ChassisServiceFollowResponse {
	v := f.server.hub.View()
	m := &apiv1.ChassisServiceFollowResponse{Sequence: f.sequence + 1}
	update, some := f.peers.Take(m.Sequence)
	m.Snapshot = update.Snapshot
	for _, c := range update.Peers {
		m.Peers = append(m.Peers, &apiv1.Peer{Chassis: uint32(c.ID), Name: c.Name, Underlay: c.Underlay.String()})
	}
	for _, id := range update.Removed {
		m.PeersRemoved = append(m.PeersRemoved, uint32(id))
	}
	for _, o := range update.Overlays {
		m.Overlays = append(m.Overlays, overlay(o))
	}
	if m.Snapshot {
		m.Endpoints = f.own(v)
	}
	bridges := f.bridges(v, m)
	if !f.networks(v, m) && !some && !bridges {
		return nil
	}
	f.sequence++
	return m
}

func overlay(o peering.Overlay) *apiv1.Overlay {
	m := &apiv1.Overlay{Network: uint32(o.Network), Whole: o.Whole}
	for _, p := range o.Peers {
		m.Peers = append(m.Peers, &apiv1.OverlayPeer{Address: p.Address.String(), Mac: p.MAC.String(), Underlay: p.Underlay.String()})
	}
	for _, a := range o.Removed {
		m.Removed = append(m.Removed, a.String())
	}
	return m
}

// networks adds those that the chassis has not been told of; it says whether
// there were any. A network that is being removed is still there. Those of single hosts
// are not among them.
func (f *follower) networks(v *view.View, m *apiv1.ChassisServiceFollowResponse) bool {
	now := v.AllNetworks()
	for id, n := range now.Since(f.told) {
		switch {
		case n != nil && n.Driver == linkspan.Bridge:
		case n != nil:
			m.Networks = append(m.Networks, api.NetworkToProto(n))
		default:
			m.NetworksRemoved = append(m.NetworksRemoved, uint32(id))
		}
	}
	f.told = now
	return len(m.Networks)+len(m.NetworksRemoved) > 0
}

// own returns the endpoints and reservations of the chassis as they are stored.
func (f *follower) own(v *view.View) []*apiv1.Endpoint {
	var own []*apiv1.Endpoint
	for e := range v.Owned(f.id) {
		if e.Driver == linkspan.Bridge { // which the switch tells of, and nobody stores
			continue
		}
		own = append(own, api.EndpointToProto(e, v.NetworkName(e.Network), v.ChassisName(e.Chassis)))
	}
	return own
}
