// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"math/rand/v2"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	openflow "github.com/linkspan/linkspan/api/channel"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// The pauses between tries: the first, doubled after each failure, up to the
// last; each is shortened by chance by up to a half, as a switch process does.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// again runs try until ctx ends, with a pause between the tries.
func (h *Host) again(ctx context.Context, try func(context.Context) (worked bool, err error)) {
	for failures := 0; ctx.Err() == nil; failures++ {
		worked, err := try(ctx)
		h.broke.Store(&err)
		if worked {
			failures = 0
		}
		pause := min(firstPause<<min(failures, 16), lastPause)
		select {
		case <-ctx.Done():
		case <-time.After(pause - rand.N(pause/2)):
		}
	}
}

// relay keeps the bridge's channel open.
func (h *Host) relay(ctx context.Context) {
	h.again(ctx, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		h.cut.Store(&cancel)
		far, err := openflow.Dial(ctx, h.http, openflow.Base)
		if err != nil {
			return false, err
		}
		defer context.AfterFunc(ctx, func() { _ = far.Close() })() // it has ended, however that is said
		return true, h.Bridge.serve(far)
	})
}

// Reconnect ends the bridge's channel, which comes back by itself.
func (h *Host) Reconnect() {
	if cut := h.cut.Load(); cut != nil {
		(*cut)()
	}
}

// follow acknowledges what the controller tells, as a real host does: all but
// what is of overlays alone. A simulated host has no tunnel to set up, and what it
// is told of overlays it has in its memory.
func (h *Host) follow(ctx context.Context) {
	h.again(ctx, func(ctx context.Context) (worked bool, _ error) {
		stream, err := h.api.Chassis.Follow(ctx, connect.NewRequest(&apiv1.ChassisServiceFollowRequest{
			Version: "bench", Underlay: h.underlay, Mtu: mtu,
		}))
		if err != nil {
			return false, err
		}
		defer stream.Close()
		for stream.Receive() {
			m := stream.Msg()
			h.messages.Add(1)
			h.bytes.Add(uint64(proto.Size(m)))
			if err := h.learn(m); err != nil {
				return worked, err
			}
			if onlyOverlays(m) {
				continue
			}
			_, err := h.api.Chassis.Acknowledge(ctx, connect.NewRequest(&apiv1.ChassisServiceAcknowledgeRequest{Sequence: m.GetSequence()}))
			if err != nil {
				return worked, err
			}
			worked = true
			h.tell(m)
		}
		return worked, stream.Err()
	})
}

// tell says what the host has learned.
func (h *Host) tell(m *apiv1.ChassisServiceFollowResponse) {
	if m.GetSnapshot() && !h.knows.Swap(true) {
		h.fleet.told.Add(1)
	}
	for _, p := range m.GetPeers() {
		h.fleet.saw(Seen{Peer: p.GetChassis()})
	}
	for _, id := range m.GetPeersRemoved() {
		h.fleet.saw(Seen{Peer: id, Gone: true})
	}
	for _, n := range m.GetNetworks() {
		h.fleet.saw(Seen{Network: n.GetId()})
	}
	for _, id := range m.GetNetworksRemoved() {
		h.fleet.saw(Seen{Network: id, Gone: true})
	}
}
