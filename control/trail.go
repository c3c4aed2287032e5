// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// TrailFlow is a flow that packets between two ends meet, as its datapath reports it.
type TrailFlow struct {
	pipeline.TrailFlow
	Priority       uint16
	Packets, Bytes uint64
	Age            time.Duration // since it was plugged
	Idle           time.Duration // the time without a packet after which it goes; 0: it stays
	Text           string
}

// Trail asks the chassis of an endpoint for the flows that its packets to an address, or
// to some outside of all networks, meet there, and those that come from it, in the order of
// tables.
func (h *Hub) Trail(ctx context.Context, e *linkspan.Endpoint, far netip.Prefix) ([]TrailFlow, error) {
	d := h.datapath(e.Chassis)
	if d == nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch is away"}
	}
	if !enter(ctx, h.dumps.slots) {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the switches are being asked for other flows", Err: ctx.Err()}
	}
	defer func() { <-h.dumps.slots }()
	t := trail{seen: make(map[flowKey]bool)}
	for _, request := range pipeline.TrailOf(e, far) {
		if err := d.session.Dump(ctx, request, bounded(t.add)); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(t.flows, func(a, b TrailFlow) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(b.Priority, a.Priority))
	})
	return t.flows, nil
}

// flowKey is what a switch tells flows apart by.
type flowKey struct {
	table    uint8
	priority uint16
	match    string
}

// trail gathers flows, each once.
type trail struct {
	seen  map[flowKey]bool
	flows []TrailFlow
}

func (t *trail) add(body []byte) (err error) {
	var f openflow.FlowStats
	for len(body) > 0 {
		if body, err = f.Next(body); err != nil {
			return err
		}
		key := flowKey{f.TableID, f.Priority, string(f.Match)}
		what, ok := pipeline.TrailFlowOf(&f)
		if !ok || t.seen[key] {
			continue
		}
		t.seen[key] = true
		t.flows = append(t.flows, TrailFlow{
			TrailFlow: what, Priority: f.Priority, Packets: f.Packets, Bytes: f.Bytes, Age: f.Duration(),
			Idle: time.Duration(max(f.IdleTimeout, f.HardTimeout)) * time.Second, Text: f.String(),
		})
	}
	return nil
}
