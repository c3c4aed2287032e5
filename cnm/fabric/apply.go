// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"maps"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// apply takes one message in: networks at once, peers through p, which
// acknowledges, and endpoints of overlays through o. The error is that of a stream that breaks its own contract.
func (f *Fabric) apply(ctx context.Context, m *apiv1.ChassisServiceFollowResponse, p *peering, o *overlaying) error {
	connected, _ := f.Ready()
	if !connected && !m.GetSnapshot() {
		return &linkspan.Error{Code: linkspan.Internal, Op: "follow the fabric", Message: "the stream did not begin with a snapshot"}
	}
	o.apply(m)
	if onlyOverlays(m) {
		return nil
	}
	f.take(m)
	p.apply(m)
	if err := f.save(ctx); err != nil {
		// What is in memory is right all the same; only a reboot without a
		// controller would know less.
		f.cfg.Log.Error("networks were not written to the local store", "error", err)
	}
	return nil
}

// take changes what is known.
func (f *Fabric) take(m *apiv1.ChassisServiceFollowResponse) {
	networks, unread := f.readNetworks(m)
	f.mu.Lock()
	defer f.mu.Unlock()
	if m.GetSnapshot() {
		// What cannot be read is not gone.
		maps.DeleteFunc(f.networks, func(id linkspan.NetworkID, _ linkspan.Network) bool { return !unread[id] })
		f.replaceEndpoints(m.GetEndpoints())
		f.snapshots++
		if !f.connected {
			f.connected, f.since = true, time.Now()
		}
	}
	f.takeBridges(m)
	for _, n := range networks {
		f.networks[n.ID] = n
	}
	for _, id := range m.GetNetworksRemoved() {
		delete(f.networks, linkspan.NetworkID(id))
	}
	f.tell()
}

func (f *Fabric) readNetworks(m *apiv1.ChassisServiceFollowResponse) (read []linkspan.Network, unread map[linkspan.NetworkID]bool) {
	unread = make(map[linkspan.NetworkID]bool)
	for _, message := range m.GetNetworks() {
		n, err := api.NetworkFromProto(message)
		if err == nil {
			err = n.Validate()
		}
		if err != nil || n.ID == 0 || n.ID > linkspan.MaxNetworkID {
			f.cfg.Log.Error("network of the fabric is not understood", "id", message.GetId(), "name", message.GetName(), "error", err)
			unread[linkspan.NetworkID(message.GetId())] = true
			continue
		}
		read = append(read, n)
	}
	return read, unread
}

// replaceEndpoints takes over a snapshot's endpoints, except where a call of
// ours has changed one since the stream was opened; f.mu is held.
func (f *Fabric) replaceEndpoints(messages []*apiv1.Endpoint) {
	old := f.stored
	f.stored = make(map[key]linkspan.Endpoint, len(messages))
	for _, message := range messages {
		e, err := api.EndpointFromProto(message)
		if err != nil {
			f.cfg.Log.Error("endpoint of the fabric is not understood", "address", message.GetAddress(), "error", err)
			continue
		}
		e.Chassis = f.cfg.Chassis
		f.stored[keyOf(&e)] = e
	}
	for k := range f.touched {
		delete(f.stored, k)
		if e, ok := old[k]; ok {
			f.stored[k] = e
		}
	}
}
